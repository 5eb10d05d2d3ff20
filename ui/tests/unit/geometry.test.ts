import { expect, test } from 'vitest';
import {
  follow,
  marks,
  pan,
  secsToX,
  ticks,
  tiles,
  wholeViewport,
  xToSecs,
  zoomAt,
} from '../../src/lib/geometry';

const whole = wholeViewport(7200, 900);

test('a place on screen and its time are each other’s inverse, zoomed or not', () => {
  for (const view of [whole, zoomAt(whole, 300, 0.01), pan(zoomAt(whole, 300, 0.01), 777)]) {
    for (const x of [0, 1, 450, 900]) expect(secsToX(view, xToSecs(view, x))).toBeCloseTo(x, 6);
  }
});

test('a pointer beyond the ends means the ends', () => {
  expect(xToSecs(whole, -50)).toBe(0);
  expect(xToSecs(whole, 5000)).toBe(7200);
});

test('zooming keeps what is under the pointer, within the clip', () => {
  const before = xToSecs(whole, 321);
  const zoomed = zoomAt(whole, 321, 0.1);
  expect(zoomed.span_secs).toBeCloseTo(720);
  expect(xToSecs(zoomed, 321)).toBeCloseTo(before, 6);
  expect(zoomAt(zoomed, 321, 1000)).toEqual(whole);
  expect(zoomAt(whole, 900, 0.5).start_secs).toBeCloseTo(3600);
  expect(zoomAt(whole, 0, 1e-9).span_secs).toBe(0.5);
});

test('a short clip and a still can be shown', () => {
  const still = wholeViewport(0, 900);
  expect(zoomAt(still, 10, 0.001).span_secs).toBeCloseTo(0.1);
  expect(tiles(still, 90).length).toBeGreaterThan(0);
  expect(ticks(still, 80).length).toBeGreaterThan(0);
});

test('never more tiles or marks than fit, at any zoom and place', () => {
  const frames = Array.from({ length: 20_000 }, (_, index) => ({ pts_secs: index * 0.36 }));
  let view = whole;
  for (let step = 0; step < 60; step++) {
    const shown = tiles(view, 90);
    // A tile may be down to half as wide as asked for while the zoom is between two steps, never less.
    expect(shown.length).toBeLessThanOrEqual(900 / 90 + 2);
    expect(Math.min(...shown.map((tile) => tile.width_px))).toBeGreaterThanOrEqual(90 - 1e-6);
    expect(marks(view, frames, 8).length).toBeLessThanOrEqual(900 / 8 + 4);
    expect(ticks(view, 80).length).toBeLessThanOrEqual((900 / 80) * 5 + 2);
    view = pan(zoomAt(view, (step * 131) % 900, 0.8), step * 17);
  }
});

test('tiles cover the view without gaps, and keep their number while it moves', () => {
  const view = zoomAt(whole, 450, 0.13);
  const shown = tiles(view, 90);
  expect(shown[0]?.left_px).toBeLessThanOrEqual(0);
  const last = shown.at(-1);
  expect((last?.left_px ?? 0) + (last?.width_px ?? 0)).toBeGreaterThanOrEqual(899.9);
  const moved = tiles(pan(view, 45), 90);
  const same = moved.filter((tile) =>
    shown.some((one) => one.number === tile.number && one.at_secs === tile.at_secs),
  );
  expect(same.length).toBeGreaterThanOrEqual(shown.length - 2);
});

test('marks on top of each other become one that knows them all', () => {
  const frames = [0, 10, 12, 14, 3600].map((pts_secs) => ({ pts_secs }));
  const shown = marks(whole, frames, 8);
  expect(shown.map((mark) => mark.items.length)).toEqual([4, 1]);
});

test('ruler labels are round and apart', () => {
  for (const view of [whole, zoomAt(whole, 100, 0.003), wholeViewport(7, 400)]) {
    const major = ticks(view, 80).filter((tick) => tick.is_major);
    for (let at = 1; at < major.length; at++) {
      expect((major[at]?.x ?? 0) - (major[at - 1]?.x ?? 0)).toBeGreaterThanOrEqual(80 - 1e-6);
    }
  }
});

test('following the playhead moves a zoomed view only where it must', () => {
  const view = zoomAt(whole, 0, 0.01);
  expect(follow(view, 30)).toEqual(view);
  expect(follow(view, 100).start_secs).toBeCloseTo(100 - 72 * 0.9);
  expect(follow(whole, 7199)).toEqual(whole);
});
