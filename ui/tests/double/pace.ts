import type { ApiError } from '../../src/backend';

export const CANCELLED: ApiError = { code: 'cancelled', message: 'cancelled', hint: null };

/** Where work can be made to stand still: before each of these. */
export type Point =
  'open' | 'times' | 'plan' | 'frame' | 'play' | 'encode' | 'word' | 'restart' | 'load' | 'verify';

/** How often a point is passed before work stands still there. */
export type Holds = Partial<Record<Point, number>>;

/**
 * How fast the double is. At a point it takes its time, or stands still until a test lets it go on: what lasts only
 * some milliseconds cannot be looked at on a machine that is busy with other things.
 */
export class Pace {
  #left = new Map<Point, number>();
  #waiting: { point: Point; go: () => void }[] = [];

  constructor(holds: Holds) {
    for (const [point, n] of Object.entries(holds)) this.hold(point as Point, n);
  }

  /** From now on work passes `n` times there, and then stands still. */
  hold(point: Point, n = 0): void {
    this.#left.set(point, n);
  }

  /** Lets work pass `n` times more; without a number, from now on always. */
  go(point: Point, n = Infinity): void {
    this.#left.set(point, (this.#left.get(point) ?? 0) + n);
    for (const one of this.#waiting.filter((waits) => waits.point === point)) {
      if (!this.#take(point)) break;
      this.#leave(one);
      one.go();
    }
  }

  /** Where the point was ever held, as soon as work may go on there; else after `ms`. */
  async pass(point: Point, ms: number, signal: AbortSignal | null): Promise<void> {
    if (signal?.aborted === true) throw CANCELLED;
    const is_held = this.#left.has(point);
    if (is_held ? this.#take(point) : ms <= 0) return;
    await new Promise<void>((go, reject) => {
      const waits = { point, go };
      if (is_held) this.#waiting.push(waits);
      const timer = is_held ? undefined : setTimeout(go, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        this.#leave(waits);
        reject(CANCELLED);
      });
    });
  }

  #take(point: Point): boolean {
    const left = this.#left.get(point) ?? 0;
    if (left > 0) this.#left.set(point, left - 1);
    return left > 0;
  }

  #leave(one: { go: () => void }): void {
    this.#waiting = this.#waiting.filter((other) => other !== one);
  }
}
