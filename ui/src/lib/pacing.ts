/**
 * The clock of playback. Time on screen follows the clip's own time stamps: what is due is painted, what is late is
 * passed over, and where pictures do not come fast enough the clock waits for them instead of running away.
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

/** How long pictures may be missing before the clock is held. */
export const PATIENCE_MS = 120;

/** Which frames to ask for ahead of `shown`: every one, or every other and so on where the speed passes over them. */
export function framesAhead(shown: number, n_frames: number, n_ahead: number, stride: number): number[] {
  const wanted: number[] = [];
  for (let index = shown + stride; index < n_frames && wanted.length < n_ahead; index += stride) {
    wanted.push(index);
  }
  const last = n_frames - 1;
  if (wanted.length < n_ahead && last > shown && wanted.at(-1) !== last) wanted.push(last);
  return wanted;
}

/** At twice the speed of a 60 Hz clip on a 60 Hz screen every other frame cannot be seen, so it is not fetched. */
export function strideFor(speed: number, frame_secs: number): number {
  const frames_per_refresh = speed / 60 / Math.max(1e-3, frame_secs);
  return Math.max(1, Math.floor(frames_per_refresh + 0.01));
}
