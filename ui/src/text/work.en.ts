import { formatCount } from '../lib/format';

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
  in_list: (title: string, mark: string) => `${title} · ${mark}`,
};
