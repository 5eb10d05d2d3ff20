import { expect, test } from 'vitest';
import type { PlanView, Token, TokenPlace } from '../../src/backend';
import { isPooled, isWhole, patchMap, tokenAt, wordsBefore } from '../../src/lib/patches';

/** A frame of 4 x 4 patches, pooled to 2 x 2 rows, after words that name its time; then a newline. */
function pooled(): PlanView {
  const tokens: Token[] = [{ frames: [], rect: null, op: 'text', text: '\nFrame from 00:12:' }];
  const places: (TokenPlace | null)[] = [null];
  for (const [left, top] of [
    [0, 0],
    [2, 0],
    [0, 2],
    [2, 2],
  ] as const) {
    tokens.push({ frames: [7], rect: null, op: 'mean' });
    places.push({ image: 0, rect: [left, top, left + 2, top + 2] });
  }
  tokens.push({ frames: [], rect: null, op: 'newline' });
  places.push(null);
  return { side_px: 8, patch_px: 2, images: [{ kind: 'frame' }], tokens, places } as unknown as PlanView;
}

test('a pooled row lights every patch that it is made of', () => {
  const map = patchMap(pooled());
  expect(isWhole(map, 0)).toBe(true);
  expect([...map.at(0)]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
  expect(tokenAt(map, 0, 0.99, 0.01)).toBe(2);
});

test('a frame is known by the words before it and by what its rows are', () => {
  const plan = pooled();
  const map = patchMap(plan);
  expect(wordsBefore(plan, map, 0)).toBe('Frame from 00:12:');
  expect(isPooled(plan, map.tokens[0] ?? [])).toBe(true);
  plan.tokens[1] = { frames: [7], rect: null, op: 'patch' };
  expect(isPooled(plan, map.tokens[0] ?? [])).toBe(false);
  plan.tokens.shift();
  plan.places.shift();
  expect(wordsBefore(plan, patchMap(plan), 0)).toBe('');
});
