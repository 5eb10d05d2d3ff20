import { expect, test } from 'vitest';
import { frameSecs, framesWithin, indexAt, lastBefore } from '../../src/lib/frames';

// A phone's clip: no constant rate, and it does not begin at zero.
const times = Float64Array.of(0.02, 0.06, 0.1, 0.2, 0.21, 0.5);

test.each([
  [0, 0],
  [0.02, 0],
  [0.0599, 0],
  [0.06, 1],
  [0.15, 2],
  [0.21, 4],
  [0.499, 4],
  [0.5, 5],
  [99, 5],
])('the frame on screen at %s s is number %i', (secs, index) => {
  expect(indexAt(times, secs)).toBe(index);
});

test('each frame is found by its own time, written and read back', () => {
  times.forEach((pts, index) => expect(indexAt(times, Number(pts.toFixed(6)))).toBe(index));
});

test('the range excludes its end', () => {
  expect(framesWithin(times, 0.06, 0.2)).toBe(2);
  expect(framesWithin(times, 0.06, 0.2001)).toBe(3);
});

test('the last frame lasts as long as the one before it', () => {
  expect(frameSecs(times, 2)).toBeCloseTo(0.1);
  expect(frameSecs(times, 5)).toBeCloseTo(0.29);
  expect(frameSecs(Float64Array.of(0), 0)).toBeCloseTo(0.04);
});

test('a range that ends where a frame begins ends before that frame', () => {
  const times = Float64Array.from({ length: 300 }, (_, index) => (index * 1001) / 30000);
  for (let index = 0; index + 1 < times.length; index++) {
    const end_secs = (times[index] ?? 0) + frameSecs(times, index);
    expect(lastBefore(times, end_secs)).toBe(index);
    expect(lastBefore(times, end_secs + 1e-3)).toBe(index + 1);
  }
  expect(lastBefore(times, 0)).toBe(0);
});
