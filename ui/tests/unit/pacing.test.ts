import { expect, test } from 'vitest';
import { clockSecs, Delay, nextAsked, nextStep, startClock, strideFor } from '../../src/lib/pacing';
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

test('what is asked for goes on from frame to frame, and ends with the last', () => {
  expect(nextAsked(10, 0, 100, 1)).toBe(11);
  expect(nextAsked(10, 0, 100, 3)).toBe(13);
  expect(nextAsked(98, 0, 100, 4)).toBe(99);
  expect(nextAsked(99, 0, 100, 1)).toBeNull();
});

test('a frame that would come too late is passed over for the one that is due then', () => {
  expect(nextAsked(10, 17, 100, 1)).toBe(17);
  expect(nextAsked(10, 300, 100, 1)).toBe(99);
});

test('where pictures come too slowly the clip keeps its speed, and fewer are shown', () => {
  const [fps, each_ms] = [25, 100];
  const clock = startClock(0, 0, 1);
  const delay = new Delay();
  const has = new Set<number>();
  const under_way: { index: number; asked_ms: number; comes_ms: number }[] = [];
  let [asked, shown, n_painted, free_ms, worst] = [-1, -1, 0, 0, 0];
  const due = (at_ms: number) => Math.floor(clockSecs(clock, at_ms) * fps + 1e-9);
  for (let now_ms = 0; now_ms < 10_000; now_ms += 1000 / 60) {
    for (const one of under_way.filter(({ comes_ms }) => comes_ms <= now_ms)) {
      has.add(one.index);
      delay.came(one.comes_ms - one.asked_ms);
      under_way.splice(under_way.indexOf(one), 1);
    }
    while (under_way.length < 2) {
      asked = nextAsked(asked, due(now_ms + delay.ms), 1000, 1)!;
      free_ms = Math.max(free_ms, now_ms) + each_ms;
      under_way.push({ index: asked, asked_ms: now_ms, comes_ms: free_ms });
    }
    const step = nextStep(due(now_ms), shown, (index) => has.has(index));
    if (step.kind === 'paint') {
      shown = step.index;
      n_painted += 1;
    }
    if (now_ms > 1000) worst = Math.max(worst, due(now_ms) - shown);
  }
  // Ten pictures a second, none of them more than a quarter of a second old.
  expect(n_painted).toBeGreaterThan(90);
  expect(worst / fps).toBeLessThan(0.25);
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
