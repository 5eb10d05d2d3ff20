import { expect, test } from 'vitest';
import type { Offer, PresetName } from '../../src/backend';
import { cheapestWith, isNear } from '../../src/lib/room';

function offer(preset: PresetName, n_tokens: number, n_free: number, refusal: string | null = null): Offer {
  const cost = { n_tokens, n_free, n_images: 1, first_answer_secs: 1, memory_bytes: 0, refusal };
  return { preset, strategy: null, n_frames: 6, cost };
}

const OFFERS = [
  offer('auto', 2304, 1100),
  offer('fast', 576, 2900),
  offer('frame', 576, 2900),
  offer('paper', 3456, 0, 'does not fit'),
];

test('what is offered instead is the cheapest that has room for the words', () => {
  expect(cheapestWith(1200, OFFERS)?.preset).toBe('fast');
  expect(cheapestWith(2901, OFFERS)).toBeNull();
  expect(cheapestWith(1, [offer('paper', 3456, 10, 'does not fit')])).toBeNull();
});

test('a count is shown from half of what is free on', () => {
  expect([0, 202, 203, 500].map((count) => isNear(count, 405))).toEqual([false, false, true, true]);
  expect(isNear(0, 0)).toBe(false);
});
