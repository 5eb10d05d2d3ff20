import { formatCount } from '../lib/format';
import type { SpentOn } from '../lib/spent';

const spent: Record<SpentOn, string> = {
  wait: 'Waiting for other work',
  load: 'Loading the model',
  video: 'Fetching frames',
  encode: 'Looking at frames',
  prompt: 'Reading',
  other: 'Other',
  answer: 'Writing',
};

/** What goes on while something else is on screen. */
export const work = {
  answering: 'Answering',
  new_answer: 'New answer',
  ready: (name: string) => `Answer ready: ${name}`,
  failed: (name: string) => `No complete answer: ${name}`,
  show: 'Show',
  elsewhere: (count: number) =>
    count === 1 ? '1 answer is on its way' : `${formatCount(count)} answers are on their way`,
  elsewhere_of: (words: string, name: string) => `${words}, about ${name}. Show it`,
  spent,
  read_label: 'Read',
  /** Tokens before the answer, by what they were of. */
  read: (tokens: { n_video: number; n_history: number; n_words: number; n_reused: number }) => {
    const { n_video, n_history, n_words, n_reused } = tokens;
    const parts = [
      `${formatCount(n_video)} of the video`,
      ...(n_history > 0 ? [`${formatCount(n_history)} of earlier turns`] : []),
      `${formatCount(n_words)} of words`,
    ];
    const before = n_reused > 0 ? `; ${formatCount(n_reused)} had been read before` : '';
    return `${formatCount(n_video + n_history + n_words)} tokens: ${parts.join(', ')}${before}`;
  },
  written_label: 'Written',
  of_free: (count: number, n_free: number) => `${formatCount(count)} of ${formatCount(n_free)} tokens`,
  too_long: (count: number, n_free: number) =>
    n_free === 0
      ? 'There is no room for a question'
      : `Too long: ${formatCount(count)} of ${formatCount(n_free)} tokens`,
  use: (name: string) => `Use ${name}`,
  knows_shapes: 'The built-in model knows moving shapes only, and could make nothing of this.',
  get_one: 'Get a model that can',
  show_said: 'Show what it said',
  repeated: 'It only repeated itself from here on, and was stopped.',
  versions: 'Versions of this question',
  version_of: (number: number, count: number) => `Version ${formatCount(number)} of ${formatCount(count)}`,
  earlier_version: 'The version before',
  later_version: 'The next version',
  how_sure: 'How likely the model found each option',
  chosen: '(chosen)',
  share: (share: number) => (share > 0 && share < 0.005 ? '<1%' : `${Math.round(share * 100)}%`),
};
