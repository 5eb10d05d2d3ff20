import { expect, test } from 'vitest';
import { clockSecs, framesAhead, nextStep, startClock, strideFor } from '../../src/lib/pacing';
import { stepSpeed } from '../../src/lib/speeds';

test('the clock runs at its speed', () => {
  const clock = startClock(1000, 5, 2);
  expect(clockSecs(clock, 1000)).toBe(5);
  expect(clockSecs(clock, 1500)).toBe(6);
});

test('what is due is painted, what is late is passed over and counted', () => {
  const all = () => true;
  expect(nextStep(10, 9, all)).toEqual({ kind: 'paint', index: 10, n_dropped: 0 });
  expect(nextStep(10, 10, all)).toEqual({ kind: 'keep' });
  expect(nextStep(13, 10, all)).toEqual({ kind: 'paint', index: 13, n_dropped: 2 });
});

test('the newest due picture that is there stands in, and none means starved', () => {
  expect(nextStep(13, 10, (index) => index <= 11)).toEqual({ kind: 'paint', index: 11, n_dropped: 0 });
  expect(nextStep(13, 10, (index) => index <= 10)).toEqual({ kind: 'starved' });
});

test('a steady clip at its own speed shows every frame once', () => {
  const clock = startClock(0, 0, 1);
  let shown = 0;
  let n_painted = 0;
  for (let refresh = 1; refresh <= 600; refresh++) {
    const due = Math.floor(clockSecs(clock, (refresh * 1000) / 60) * 30 + 1e-9);
    const step = nextStep(due, shown, () => true);
    if (step.kind === 'paint') {
      expect(step.n_dropped).toBe(0);
      shown = step.index;
      n_painted += 1;
    }
  }
  expect(n_painted).toBe(300);
});

test('what is asked for ahead ends with the last frame', () => {
  expect(framesAhead(10, 100, 4, 1)).toEqual([11, 12, 13, 14]);
  expect(framesAhead(10, 100, 4, 3)).toEqual([13, 16, 19, 22]);
  expect(framesAhead(94, 100, 4, 4)).toEqual([98, 99]);
  expect(framesAhead(99, 100, 4, 1)).toEqual([]);
});

test('frames that no screen could show are not fetched', () => {
  expect(strideFor(1, 1 / 30)).toBe(1);
  expect(strideFor(4, 1 / 30)).toBe(2);
  expect(strideFor(8, 1 / 60)).toBe(8);
  expect(strideFor(0.1, 1 / 25)).toBe(1);
});

test('speeds step and stay at their ends', () => {
  expect(stepSpeed(1, 1)).toBe(1.25);
  expect(stepSpeed(1, -1)).toBe(0.75);
  expect(stepSpeed(8, 1)).toBe(8);
  expect(stepSpeed(0.1, -1)).toBe(0.1);
});
