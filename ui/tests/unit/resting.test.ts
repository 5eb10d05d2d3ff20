import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Resting } from '../../src/lib/resting';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the latest of many changes is told once they rest', () => {
  const told: number[] = [];
  const resting = new Resting(0, (value) => told.push(value));
  for (let value = 1; value <= 5; value++) {
    resting.change(value, false);
    vi.advanceTimersByTime(400);
  }
  expect(told).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(told).toEqual([5]);
});

test('while there is no rest it is told every two seconds, and at the end of it', () => {
  const told: number[] = [];
  const resting = new Resting(0, (value) => told.push(value));
  for (let frame = 1; frame <= 250; frame++) {
    resting.change(frame, true);
    vi.advanceTimersByTime(20);
  }
  expect(told.length).toBe(2);
  resting.change(251, false);
  vi.advanceTimersByTime(500);
  expect(told.at(-1)).toBe(251);
  expect(told.length).toBe(3);
});

test('what is known already is not told, what waits is told when it is asked for', () => {
  const told: { at: number }[] = [];
  const resting = new Resting({ at: 1 }, (value) => told.push(value));
  resting.change({ at: 1 }, false);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([]);
  resting.change({ at: 2 }, false);
  resting.flush();
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([{ at: 2 }]);
});
