import { expect, test } from 'vitest';
import { calmed, leftOf, type Shown } from '../../src/lib/remaining';

/** What is seen at every half second while guesses come once a second. */
function seen(guess: (second: number) => number, n_secs: number): number[] {
  let shown: Shown | null = null;
  const all: number[] = [];
  for (let half = 0; half <= n_secs * 2; half++) {
    if (half % 2 === 0) shown = calmed(shown, guess(half / 2), half * 500);
    if (shown !== null) all.push(leftOf(shown, half * 500));
  }
  return all;
}

const rises = (all: number[]) => all.filter((secs, at) => at > 0 && secs > (all[at - 1] ?? 0) + 1e-9);

test('a guess that is not much different changes the pace, one that is takes its place', () => {
  const begun = calmed(null, 100, 0);
  expect(leftOf(begun, 1000)).toBe(99);
  const later = calmed(begun, 120, 1000);
  expect(leftOf(later, 1000)).toBe(99);
  expect(leftOf(later, 2000)).toBeGreaterThan(98);
  expect(leftOf(calmed(begun, 80, 1000), 2000)).toBeLessThan(98);
  expect(leftOf(calmed(begun, 300, 1000), 1000)).toBe(300);
  expect(leftOf(calmed(begun, 20, 1000), 1000)).toBe(20);
  expect(leftOf(calmed({ secs: 2, at_ms: 0, pace: 1 }, 0, 10_000), 10_000)).toBe(0);
});

test('a guess that creeps up or swings by a fifth is never seen to rise', () => {
  expect(rises(seen((second) => 100 - second * 0.9, 100))).toEqual([]);
  expect(rises(seen((second) => (100 - second) * (second % 2 === 0 ? 1.2 : 0.8), 99))).toEqual([]);
  expect(rises(seen((second) => 60 - second + Math.sin(second) * 4, 60))).toEqual([]);
});

test('a guess that was wrong altogether is seen to rise once', () => {
  const wrong = seen((second) => (second < 10 ? 40 - second : 120 - second), 110);
  expect(rises(wrong)).toEqual([110]);
  // Also where it is no more than clearly wrong: once two after each other say so.
  const short = seen((second) => (second < 10 ? 100 - second : 130 - second), 120);
  expect(rises(short)).toEqual([119]);
});

test('what is shown ends when what it counts does', () => {
  const all = seen((second) => Math.max(0, 112 - second), 112);
  expect(all.at(-1)).toBeLessThan(1);
  const slower = seen((second) => (second < 5 ? 100 - second : Math.max(0, 112 - second)), 112);
  expect(rises(slower)).toEqual([]);
  expect(slower.at(-1)).toBeLessThan(1);
  expect(slower.at(-20)).toBeGreaterThan(4);
});
