/**
 * Everything that crosses the seam between the page and the program. The types are those of the program, written from
 * `src/api/window`; here are only the names that the page has for parts of them, and what does not cross as JSON.
 *
 * Field names are those of the wire (`snake_case`, units in the name); words of an enum are `kebab-case`; events carry
 * their name in `kind`. Times are seconds of presentation time, indices count displayable frames from 0, `null` means
 * "not known" or "not chosen", never zero. The meaning of each call stands with it.
 */
import type { AnswerEvent, PictureInfo, PrepareEvent } from './types.gen';

export type * from './types.gen';

/** A file that the user opened. The page never learns a path. */
export type VideoId = string;
export type ChatId = string;
export type TurnId = string;
/** A plan whose pictures can still be fetched. */
export type PlanId = string;
/** A pair of model files that the program knows. */
export type ModelId = string;

/** A picture as it comes over the seam: all but its bytes is JSON. */
export interface Picture extends PictureInfo {
  /** An image file that the page can decode, or for `image/x-rgba` width * height * 4 bytes, rows without padding. */
  bytes: ArrayBuffer;
}

export type StageEvent = Extract<PrepareEvent, { kind: 'stage' }>;
/** These frames have gone through the tower; sent once for each frame, kept ones first. */
export type EncodedEvent = Extract<AnswerEvent, { kind: 'encoded' }>;
