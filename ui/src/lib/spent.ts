import type { Timings } from '../backend';

export type SpentOn = 'wait' | 'load' | 'video' | 'encode' | 'prompt' | 'answer' | 'other';

export interface Spent {
  on: SpentOn;
  /** A whole number of steps, so that what is shown sums to the total that is shown. */
  secs: number;
}

export interface SpentTime {
  parts: Spent[];
  first_word_secs: number;
  total_secs: number;
  /** What every one of these is a multiple of. */
  step_secs: number;
}

/** These are told only where there were any. */
const RARE: ReadonlySet<SpentOn> = new Set(['wait', 'load', 'other']);

/** Where the time of an answer went, as numbers to be shown: the parts sum to the total, whatever rounding does to each. */
export function spentTime(timings: Timings): SpentTime {
  const { wait_secs, load_secs, video_secs, encode_secs, prompt_secs, answer_secs, total_secs } = timings;
  const before: Spent[] = [
    { on: 'wait', secs: wait_secs },
    { on: 'load', secs: load_secs },
    { on: 'video', secs: video_secs },
    { on: 'encode', secs: encode_secs },
    { on: 'prompt', secs: prompt_secs },
  ];
  const sum_secs = before.reduce((sum, one) => sum + one.secs, answer_secs);
  // Answers of earlier versions know fewer stages than it took.
  const other_secs = Math.max(0, total_secs - sum_secs);
  const all: Spent[] = [...before, { on: 'other', secs: other_secs }, { on: 'answer', secs: answer_secs }];
  const step_secs = stepFor(Math.max(total_secs, sum_secs));
  const steps = wholeSteps(all.map(({ secs }) => secs / step_secs));
  const shown = all.map(({ on }, at) => ({ on, steps: steps[at] ?? 0 }));
  const total = steps.reduce((sum, one) => sum + one, 0);
  const writing = shown.at(-1)?.steps ?? 0;
  const inSecs = (count: number) => (step_secs < 1 ? count / Math.round(1 / step_secs) : count * step_secs);
  return {
    parts: shown
      .filter(({ on, steps: count }) => count > 0 || !RARE.has(on))
      .map(({ on, steps: count }) => ({ on, secs: inSecs(count) })),
    first_word_secs: inSecs(total - writing),
    total_secs: inSecs(total),
    step_secs,
  };
}

/** As fine as a total of this length is shown. */
function stepFor(total_secs: number): number {
  if (total_secs < 0.995) return 0.01;
  if (total_secs < 59.95) return 0.1;
  return total_secs < 3600 ? 1 : 60;
}

/** Whole numbers that sum to the rounded sum: what is left over goes to those that lost most. */
function wholeSteps(exact: number[]): number[] {
  const whole = exact.map((one) => Math.floor(one + 1e-9));
  const wanted = Math.round(exact.reduce((sum, one) => sum + one, 0));
  let left = wanted - whole.reduce((sum, one) => sum + one, 0);
  const by_loss = exact
    .map((one, at) => ({ at, loss: one - (whole[at] ?? 0) }))
    .sort((a, b) => b.loss - a.loss);
  for (const { at } of by_loss) {
    if (left <= 0) break;
    whole[at] = (whole[at] ?? 0) + 1;
    left -= 1;
  }
  return whole;
}
