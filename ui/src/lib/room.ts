import type { Offer } from '../backend';

/** From this share of what is free on, a count is worth looking at. */
const NEAR = 0.5;

export function isNear(n_tokens: number, n_free: number): boolean {
  return n_tokens > 0 && n_tokens >= n_free * NEAR;
}

/** Of what can be chosen instead, the one with the fewest tokens, where it has room for so many of words. */
export function cheapestWith(n_tokens: number, offers: Offer[]): Offer | null {
  return offers
    .filter(({ preset, strategy, cost }) => {
      return strategy === null && preset !== 'frame' && cost.refusal === null && cost.n_free >= n_tokens;
    })
    .reduce<Offer | null>(
      (best, one) => (best !== null && best.cost.n_tokens <= one.cost.n_tokens ? best : one),
      null,
    );
}
