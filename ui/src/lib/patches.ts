import type { PlanView } from '../backend';

/** Which token is where in the pictures of a plan. */
export interface PatchMap {
  /** Patches along a side of a picture. */
  n_side: number;
  /** Tokens of each picture, in the order in which they are read. */
  tokens: number[][];
  /** For each picture, row by row: the token that reads a patch, or -1. Made when first asked for. */
  at(image: number): Int32Array;
}

export function patchMap(plan: PlanView): PatchMap {
  const n_side = Math.max(1, Math.floor(plan.side_px / plan.patch_px));
  const tokens: number[][] = plan.images.map(() => []);
  plan.places.forEach((place, token) => {
    if (place !== null) tokens[place.image]?.push(token);
  });
  const made = new Map<number, Int32Array>();
  return {
    n_side,
    tokens,
    at(image) {
      const kept = made.get(image);
      if (kept !== undefined) return kept;
      const map = new Int32Array(n_side * n_side).fill(-1);
      for (const token of tokens[image] ?? []) {
        const rect = plan.places[token]?.rect;
        if (rect === undefined) continue;
        const [left, top, right, bottom] = rect;
        for (let row = Math.floor(top); row < Math.min(n_side, Math.ceil(bottom)); row++) {
          for (let column = Math.floor(left); column < Math.min(n_side, Math.ceil(right)); column++) {
            map[row * n_side + column] = token;
          }
        }
      }
      made.set(image, map);
      return map;
    },
  };
}

/** The token under a point of a picture, given as fractions of its side; null where nothing is read. */
export function tokenAt(map: PatchMap, image: number, x: number, y: number): number | null {
  const column = Math.floor(x * map.n_side);
  const row = Math.floor(y * map.n_side);
  if (column < 0 || row < 0 || column >= map.n_side || row >= map.n_side) return null;
  const token = map.at(image)[row * map.n_side + column];
  return token === undefined || token < 0 ? null : token;
}

/** Whether every patch of a picture is read by some token. */
export function isWhole(map: PatchMap, image: number): boolean {
  return !map.at(image).includes(-1);
}

/** Whether tokens are made of more than a patch each. */
export function isPooled(plan: PlanView, tokens: number[]): boolean {
  const first = tokens[0];
  return first !== undefined && plan.tokens[first]?.op !== 'patch';
}

/** The words that the model reads right before a picture, in one line; empty where there are none. */
export function wordsBefore(plan: PlanView, map: PatchMap, image: number): string {
  const first = map.tokens[image]?.[0];
  if (first === undefined) return '';
  const before = plan.tokens[first - 1];
  return before?.op === 'text' ? (before.text ?? '').trim().replace(/\s+/g, ' ') : '';
}
