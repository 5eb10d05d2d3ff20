/** A remaining time that is shown: it runs down by itself. */
export interface Shown {
  secs: number;
  at_ms: number;
  /** How fast it runs down, so that it ends when what it counts does: 1 is a clock's own pace. */
  pace: number;
  /** The latest guess was that there is clearly more left. */
  is_short?: boolean;
}

/** Of the time that is shown; below it, and below `LEAST_SECS`, a guess is not another one. */
const TOLERANCE = 0.25;
const LEAST_SECS = 5;
/** How much of what a guess is off by goes into the pace: enough to end together with it, whatever it swings by. */
const GIVES_WAY = 2;

/** What is left of it to show. */
export function leftOf(shown: Shown, at_ms: number): number {
  return Math.max(0, shown.secs - ((at_ms - shown.at_ms) / 1000) * shown.pace);
}

/**
 * The remaining time to show after a new guess. One that is not much different makes it run down faster or slower, one
 * that is takes its place at once. It rises only where a guess is far off, or two after each other say that there is
 * clearly more: never by little, and never to and fro.
 */
export function calmed(shown: Shown | null, guess_secs: number, at_ms: number): Shown {
  const begun = { secs: guess_secs, at_ms, pace: 1 };
  if (shown === null) return begun;
  const secs = leftOf(shown, at_ms);
  const much_secs = Math.max(LEAST_SECS, secs * TOLERANCE);
  const is_short = guess_secs - secs > much_secs;
  const is_far = guess_secs - secs > Math.max(LEAST_SECS, secs);
  if (secs - guess_secs > much_secs || is_far || (is_short && shown.is_short === true)) return begun;
  const ratio = guess_secs / Math.max(secs, 0.1);
  return { secs, at_ms, pace: Math.max(0, 1 + (1 - ratio) * GIVES_WAY), is_short };
}
