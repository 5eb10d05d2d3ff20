import type { ApiError, Ending, Model } from '../../src/backend';
import { SMOOTH, type DownloadScript } from './downloads';
import { VICUNA } from './models';
import type { Holds } from './pace';

/** What a test changes to see another state of the window. All times in milliseconds. */
export interface Script {
  frame_ms: number;
  /** What each frame of playback takes by itself. */
  play_ms: number;
  encode_ms: number;
  word_ms: number;
  times_ms: number;
  open_ms: number;
  /** Where it stands still until a test lets it go on, instead of taking its time. */
  holds: Holds;
  /** Instead of the model's own. */
  n_context: number | null;
  /** The model ends once in the middle of an answer, and is started again. */
  restarts: boolean;
  /** How many earlier turns still fit. */
  forgets_after: number | null;
  /** Only whole seconds are near at hand while scrubbing. */
  has_near_pictures: boolean;
  answer: string;
  choice: number | null;
  /** Why the answer ends; of the options with a choice, how likely each is. */
  ending: Ending;
  probabilities: number[];
  fail_answer: ApiError | null;
  fail_open: ApiError | null;
  fail_plan: ApiError | null;
  fail_frame: ApiError | null;
  picked: Model | null;
  /** Only the model inside the program is there. */
  has_only_embedded: boolean;
  download: DownloadScript;
  fail_remove: ApiError | null;
}

/** Nothing goes wrong, and nothing takes long. */
export const PLAIN: Script = {
  frame_ms: 0,
  play_ms: 0,
  encode_ms: 0,
  word_ms: 0,
  times_ms: 0,
  open_ms: 0,
  holds: {},
  n_context: null,
  restarts: false,
  forgets_after: null,
  has_near_pictures: true,
  answer: 'At 0:01 the green circle moves to the right, and at 0:04 the star turns **blue**.',
  choice: null,
  ending: 'finished',
  probabilities: [],
  fail_answer: null,
  fail_open: null,
  fail_plan: null,
  fail_frame: null,
  picked: VICUNA,
  has_only_embedded: false,
  download: SMOOTH,
  fail_remove: null,
};
