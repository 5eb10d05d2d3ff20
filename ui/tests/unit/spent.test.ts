import { describe, expect, test } from 'vitest';
import type { Timings } from '../../src/backend';
import { formatSteps } from '../../src/lib/format';
import { spentTime } from '../../src/lib/spent';
import { text } from '../../src/text';

const NOTHING = { wait_secs: 0, load_secs: 0, video_secs: 0, encode_secs: 0, prompt_secs: 0, answer_secs: 0 };

function timings(changes: Partial<Timings>): Timings {
  const secs = { ...NOTHING, ...changes };
  const first_word_secs =
    secs.wait_secs + secs.load_secs + secs.video_secs + secs.encode_secs + secs.prompt_secs;
  return { first_word_secs, total_secs: first_word_secs + secs.answer_secs, ...secs };
}

/** Of a number as it is shown. */
function read(words: string): number {
  return [...words.matchAll(/([\d.]+) (h|min|s)/gu)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unit === 'h' ? 3600 : unit === 'min' ? 60 : 1),
    0,
  );
}

describe('the shown parts of an answer’s time', () => {
  const cases: [string, Timings][] = [
    ['short', timings({ video_secs: 0.114, encode_secs: 0.234, prompt_secs: 0.334, answer_secs: 0.244 })],
    ['usual', timings({ video_secs: 0.44, encode_secs: 4.24, prompt_secs: 3.64, answer_secs: 1.64 })],
    ['half a minute', timings({ encode_secs: 17.349, prompt_secs: 12.249, answer_secs: 3.149 })],
    ['a queue', timings({ wait_secs: 70.4, load_secs: 6.4, encode_secs: 0.4, prompt_secs: 13.4 })],
    ['an hour', timings({ wait_secs: 3000, encode_secs: 1000, prompt_secs: 400, answer_secs: 20 })],
    ['nothing', timings({})],
  ];
  test.each(cases)('sum to the shown total: %s', (_, one) => {
    const spent = spentTime(one);
    const shown = (secs: number) => read(formatSteps(secs, spent.step_secs));
    const sum = spent.parts.reduce((all, part) => all + shown(part.secs), 0);
    expect(sum).toBeCloseTo(shown(spent.total_secs), 9);
    const writing = spent.parts.find((part) => part.on === 'answer')?.secs ?? 0;
    expect(shown(spent.first_word_secs) + shown(writing)).toBeCloseTo(sum, 9);
    expect(Math.abs(spent.total_secs - one.total_secs)).toBeLessThanOrEqual(spent.step_secs);
  });

  test('what an earlier version did not count is told as other, and what there was none of is not', () => {
    const old = { ...timings({ encode_secs: 4, prompt_secs: 3, answer_secs: 1 }), total_secs: 78 };
    const { parts, total_secs } = spentTime(old);
    expect(parts.find((part) => part.on === 'other')?.secs).toBe(70);
    expect(total_secs).toBe(78);
    expect(parts.map((part) => part.on)).toEqual(['video', 'encode', 'prompt', 'other', 'answer']);
  });
});

test('what was read is named by what it was', () => {
  expect(text.work.read({ n_video: 576, n_history: 1780, n_words: 50, n_reused: 512 })).toBe(
    '2,406 tokens: 576 of the video, 1,780 of earlier turns, 50 of words; 512 had been read before',
  );
  expect(text.work.read({ n_video: 576, n_history: 0, n_words: 50, n_reused: 0 })).toBe(
    '626 tokens: 576 of the video, 50 of words',
  );
});
