/** The part of the clip that the timeline shows, and how wide it is on screen. */
export interface Viewport {
  duration_secs: number;
  start_secs: number;
  span_secs: number;
  width_px: number;
}

/** The whole clip. A still counts as a tenth of a second, so that nothing divides by zero. */
export function wholeViewport(duration_secs: number, width_px: number): Viewport {
  const duration = Math.max(0.1, duration_secs);
  return { duration_secs: duration, start_secs: 0, span_secs: duration, width_px: Math.max(1, width_px) };
}

export function secsToX(view: Viewport, secs: number): number {
  return ((secs - view.start_secs) / view.span_secs) * view.width_px;
}

export function xToSecs(view: Viewport, x: number): number {
  const secs = view.start_secs + (x / view.width_px) * view.span_secs;
  return Math.min(view.duration_secs, Math.max(0, secs));
}

/** Shorter spans than this show less than a frame of most clips. */
const MIN_SPAN_SECS = 0.5;

/** `factor` below 1 zooms in; what lies at `x` stays there. */
export function zoomAt(view: Viewport, x: number, factor: number): Viewport {
  const shortest = Math.min(MIN_SPAN_SECS, view.duration_secs);
  const span_secs = Math.min(view.duration_secs, Math.max(shortest, view.span_secs * factor));
  const anchor = view.start_secs + (x / view.width_px) * view.span_secs;
  return moved({ ...view, span_secs }, anchor - (x / view.width_px) * span_secs);
}

export function pan(view: Viewport, by_px: number): Viewport {
  return moved(view, view.start_secs + (by_px / view.width_px) * view.span_secs);
}

/** Moves no further than needed for `secs` to lie within, with a margin of a tenth while zoomed. */
export function follow(view: Viewport, secs: number): Viewport {
  const margin = view.span_secs * 0.1;
  if (secs < view.start_secs + margin) return moved(view, secs - margin);
  if (secs > view.start_secs + view.span_secs - margin) return moved(view, secs + margin - view.span_secs);
  return view;
}

function moved(view: Viewport, start_secs: number): Viewport {
  const latest = view.duration_secs - view.span_secs;
  return { ...view, start_secs: Math.min(latest, Math.max(0, start_secs)) };
}

export interface Tile {
  /** Which of all tiles at this zoom: the same number means the same picture. */
  number: number;
  left_px: number;
  width_px: number;
  at_secs: number;
}

/**
 * The filmstrip's tiles that touch the screen, never more than fit plus one. Tiles are tied to the clip, so that they
 * move with it when the view does; the zoom changes how many there are in steps of two, so that pictures can be kept.
 */
export function tiles(view: Viewport, tile_px: number): Tile[] {
  const px_per_sec = view.width_px / view.span_secs;
  const n_at_whole = Math.max(1, Math.floor(view.width_px / tile_px));
  const doublings = Math.max(0, Math.floor(Math.log2(view.duration_secs / view.span_secs + 1e-9)));
  const tile_secs = view.duration_secs / (n_at_whole * 2 ** doublings);
  const first = Math.floor(view.start_secs / tile_secs + 1e-9);
  const result: Tile[] = [];
  for (let number = first; number * tile_secs < view.start_secs + view.span_secs - 1e-9; number++) {
    const start = number * tile_secs;
    if (start >= view.duration_secs - 1e-9) break;
    result.push({
      number,
      left_px: (start - view.start_secs) * px_per_sec,
      width_px: tile_secs * px_per_sec,
      at_secs: start + tile_secs / 2,
    });
  }
  return result;
}

export interface Tick {
  x: number;
  secs: number;
  /** Written out; the others are lines. */
  is_major: boolean;
  /** Whether labels at this zoom need tenths of a second. */
  has_tenths: boolean;
}

const STEPS_SECS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/** A ruler with labels at least `label_px` apart, on round times. */
export function ticks(view: Viewport, label_px: number): Tick[] {
  const wanted = (label_px / view.width_px) * view.span_secs;
  const major = STEPS_SECS.find((step) => step >= wanted) ?? Math.ceil(wanted / 3600) * 3600;
  const minor = major / 5;
  const result: Tick[] = [];
  const first = Math.ceil(view.start_secs / minor - 1e-9);
  for (let number = first; number * minor <= view.start_secs + view.span_secs + 1e-9; number++) {
    const secs = number * minor;
    result.push({ x: secsToX(view, secs), secs, is_major: number % 5 === 0, has_tenths: major % 1 !== 0 });
  }
  return result;
}

export interface Mark<T> {
  x: number;
  /** More than one where they would lie on top of each other. */
  items: T[];
}

/** The marks on screen, those closer than `apart_px` drawn as one: never more than fit. */
export function marks<T extends { pts_secs: number }>(
  view: Viewport,
  items: T[],
  apart_px: number,
): Mark<T>[] {
  const result: Mark<T>[] = [];
  for (const item of items) {
    const x = secsToX(view, item.pts_secs);
    if (x < -apart_px || x > view.width_px + apart_px) continue;
    const last = result.at(-1);
    if (last !== undefined && x - last.x < apart_px) last.items.push(item);
    else result.push({ x, items: [item] });
  }
  return result;
}
