/**
 * The clock of playback. It leads: what is due is painted, what is late is passed over, and where pictures do not come
 * fast enough there are fewer of them, at the clip's own speed.
 */
export interface Clock {
  /** Moment of the page's clock, milliseconds, at which `from_secs` was due. */
  began_ms: number;
  from_secs: number;
  speed: number;
}

export function startClock(now_ms: number, from_secs: number, speed: number): Clock {
  return { began_ms: now_ms, from_secs, speed };
}

export function clockSecs(clock: Clock, now_ms: number): number {
  return clock.from_secs + ((now_ms - clock.began_ms) / 1000) * clock.speed;
}

export type Step =
  /** Paint this one; `dropped` due pictures before it were never shown. */
  | { kind: 'paint'; index: number; n_dropped: number }
  /** Nothing new is due. */
  | { kind: 'keep' }
  /** The due picture is not there yet. */
  | { kind: 'starved' };

/** What to do at a refresh of the screen. `due` is the frame of the clip's time, `shown` the one on screen. */
export function nextStep(due: number, shown: number, has: (index: number) => boolean): Step {
  if (due <= shown) return { kind: 'keep' };
  for (let index = due; index > shown; index--) {
    if (has(index)) return { kind: 'paint', index, n_dropped: index - shown - 1 };
  }
  return { kind: 'starved' };
}

/** How long nothing may come before the clock is held: a disk that wakes up, a decoder that is started again. */
export const PATIENCE_MS = 3000;

/** How long a picture is on its way, learned from those that came: slower is believed sooner than quicker. */
export class Delay {
  ms = 0;

  came(after_ms: number): void {
    this.ms += (after_ms - this.ms) * (after_ms > this.ms ? 0.5 : 0.15);
  }
}

/**
 * The frame to ask for after `asked`: the next one, or every other and so on where the speed passes over them (`stride`).
 * One that would come too late is passed over for the one that is due when it comes, `due_then`. Null after the last.
 */
export function nextAsked(asked: number, due_then: number, n_frames: number, stride: number): number | null {
  const last = n_frames - 1;
  return asked >= last ? null : Math.min(last, Math.max(asked + stride, due_then));
}

/** At twice the speed of a 60 Hz clip on a 60 Hz screen every other frame cannot be seen, so it is not fetched. */
export function strideFor(speed: number, frame_secs: number): number {
  const frames_per_refresh = speed / 60 / Math.max(1e-3, frame_secs);
  return Math.max(1, Math.floor(frames_per_refresh + 0.01));
}
