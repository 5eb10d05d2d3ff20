import { parsePlace } from './time';

/** A moment that an answer names. */
export interface NamedTime {
  text: string;
  secs: number;
  /** What its last digit counts: 1 for `0:12`, 0.01 for `0:12.48`. */
  unit_secs: number;
}

export type Piece = { kind: 'text'; text: string } | { kind: 'time'; time: NamedTime };

// `0:12`, `1:02:03.5`; `12s`, `12.5 s`, `12 seconds` are times only after a word that makes them one ("at 12 s"),
// because "lasts 12 seconds" names no moment.
const CLOCK =
  /(?<![\d:.,/])(?:\d{1,2}:)?\d{1,2}:[0-5]\d(?:\.\d{1,3})?(?![\d:]|\.\d|\s*(?:am|pm|o'clock)\b)/giu;
const AFTER_WORD =
  /(?<=\b(?:at|around|about|near|from|until|till|by|after|before|to|and|between)\s+(?:the\s+)?)\d{1,5}(?:\.\d{1,3})?\s?(?:s|sec|secs|seconds?)(?:\s+mark)?(?![\p{L}\d])/giu;

/** Cuts `text` into words and the moments of a clip of `duration_secs` that it names. */
export function findTimes(text: string, duration_secs: number): Piece[] {
  const found = [...text.matchAll(CLOCK), ...text.matchAll(AFTER_WORD)]
    .map((match) => ({ start: match.index, text: match[0], time: named(match[0]) }))
    .filter((match) => match.time !== null && match.time.secs <= duration_secs + 1)
    .sort((a, b) => a.start - b.start);
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of found) {
    if (match.start < at || match.time === null) continue;
    if (match.start > at) pieces.push({ kind: 'text', text: text.slice(at, match.start) });
    pieces.push({ kind: 'time', time: match.time });
    at = match.start + match.text.length;
  }
  if (at < text.length) pieces.push({ kind: 'text', text: text.slice(at) });
  return pieces;
}

function named(text: string): NamedTime | null {
  const number = text.replace(/\s*(?:s|sec|secs|seconds?)(?:\s+mark)?$/iu, '');
  const place = parsePlace(number);
  if (place?.kind !== 'time') return null;
  const decimals = /\.(\d+)$/.exec(number)?.[1]?.length ?? 0;
  return { text, secs: place.secs, unit_secs: 10 ** -decimals };
}

/**
 * The frame among `frames` that a named time can mean: times are cut or rounded to their last digit, so a frame from
 * half a unit before until a whole unit after it counts. Null: the model was given no frame of that moment.
 */
export function givenFrame<T extends { pts_secs: number }>(time: NamedTime, frames: readonly T[]): T | null {
  const slack = 1e-6;
  let best: T | null = null;
  for (const frame of frames) {
    const late = frame.pts_secs - time.secs;
    if (late < -time.unit_secs / 2 - slack || late >= time.unit_secs - slack) continue;
    if (best === null || Math.abs(late) < Math.abs(best.pts_secs - time.secs)) best = frame;
  }
  return best;
}
