import type { Range } from '../backend';
import { frameSecs, indexAt, lastBefore } from '../lib/frames';
import {
  clockSecs,
  Delay,
  nextAsked,
  nextStep,
  PATIENCE_MS,
  startClock,
  strideFor,
  type Clock,
} from '../lib/pacing';
import { stepSpeed } from '../lib/speeds';
import { isCancelled } from './errors';

/** What is played: its frames, and what becomes of them. */
export interface Film {
  /** `times` is null while the frames are being counted; playback goes on from `commanded_secs`. */
  where(): { times: Float64Array | null; range: Range | null; commanded_secs: number };
  /** Moves the place to play from. */
  command(secs: number): void;
  /** The picture of a frame, the caller's to close. */
  picture(index: number, signal: AbortSignal): Promise<ImageBitmap>;
  paint(bitmap: ImageBitmap, index: number, pts_secs: number): void;
  /** Playback has ended where it is. */
  paused(): void;
  failed(error: unknown): void;
}

/** Pictures that are ready or under way. */
const N_AHEAD = 8;
/** Requests under way at a time. They may overtake each other by one, which the program is prepared for. */
const N_UNDER_WAY = 2;
/** Pictures that are ready before the clock starts. */
const N_READY_TO_PLAY = 3;

/** Plays a film by its own time stamps: the clock, its speed, the pictures ahead of it, and those that came too late. */
export class Playback {
  is_playing = $state(false);
  speed = $state(1);
  /** Since playback began: how many pictures were due, and how many of them were never on screen. */
  n_due = 0;
  n_dropped = 0;

  #film: Film;
  #running: AbortController | null = null;

  constructor(film: Film) {
    this.#film = film;
  }

  toggle(): void {
    if (this.is_playing) this.pause();
    else this.play();
  }

  play(): void {
    const { times, range, commanded_secs } = this.#film.where();
    if (this.is_playing || times === null || times.length < 2) return;
    if (indexAt(times, commanded_secs) >= this.#last(times)) this.#film.command(range?.start_secs ?? 0);
    this.is_playing = true;
    this.n_due = 0;
    this.n_dropped = 0;
    this.goOn();
  }

  pause(): void {
    if (!this.is_playing) return;
    this.is_playing = false;
    this.hold();
    this.#film.paused();
  }

  changeSpeed(by: 1 | -1 | 0): void {
    this.setSpeed(by === 0 ? 1 : stepSpeed(this.speed, by));
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.hold();
    this.goOn();
  }

  /** Stops the clock until `goOn`, so that the place to play from can be moved. */
  hold(): void {
    this.#running?.abort();
    this.#running = null;
  }

  /** Starts the clock again, where something is being played. */
  goOn(): void {
    if (this.is_playing) void this.#run();
  }

  /** The frame that playback ends with. */
  #last(times: Float64Array): number {
    const { range, commanded_secs } = this.#film.where();
    if (range === null || commanded_secs >= range.end_secs) return times.length - 1;
    return lastBefore(times, range.end_secs);
  }

  /** Plays until it is told to end, or the last frame was shown. */
  async #run(): Promise<void> {
    const { times, commanded_secs } = this.#film.where();
    if (times === null) return;
    const running = new AbortController();
    this.#running = running;
    const { signal } = running;
    const ready = new Map<number, ImageBitmap>();
    const under_way = new Set<number>();
    const last = this.#last(times);
    let shown = indexAt(times, commanded_secs) - 1;
    const stride = strideFor(this.speed, frameSecs(times, Math.max(0, shown)));
    let clock: Clock | null = null;
    let asked = shown;
    const delay = new Delay();
    /** When something came last. */
    let came_ms = performance.now();

    /** The frame that is due when what is asked for now comes. */
    const dueThen = () =>
      clock === null ? 0 : indexAt(times, clockSecs(clock, performance.now() + delay.ms));

    const fetchAhead = () => {
      while (ready.size + under_way.size < N_AHEAD) {
        // The first one alone: it may lie anywhere.
        if (under_way.size >= (clock === null && ready.size === 0 ? 1 : N_UNDER_WAY)) break;
        const index = nextAsked(asked, dueThen(), last + 1, asked < 0 ? 1 : stride);
        if (index === null) break;
        asked = index;
        under_way.add(index);
        const asked_ms = performance.now();
        this.#film
          .picture(index, signal)
          .then((bitmap) => {
            came_ms = performance.now();
            delay.came(came_ms - asked_ms);
            if (signal.aborted || index <= shown) bitmap.close();
            else ready.set(index, bitmap);
            under_way.delete(index);
            if (!signal.aborted) fetchAhead();
          })
          .catch((error: unknown) => {
            if (!signal.aborted && !isCancelled(error)) {
              this.#film.failed(error);
              this.pause();
            }
          })
          .finally(() => under_way.delete(index));
      }
    };

    while (!signal.aborted) {
      fetchAhead();
      const now_ms = await nextRefresh();
      if (signal.aborted) break;
      clock ??=
        ready.size >= Math.min(N_READY_TO_PLAY, last - shown)
          ? startClock(now_ms, times[shown + 1] ?? 0, this.speed)
          : null;
      if (clock === null) continue;
      const due = Math.min(last, indexAt(times, clockSecs(clock, now_ms)));
      const step = nextStep(due, shown, (index) => ready.has(index));
      if (step.kind === 'starved') {
        // The clock waits at the picture that comes next.
        if (now_ms - came_ms > PATIENCE_MS)
          clock = startClock(now_ms, times[Math.min(...under_way, last)] ?? 0, this.speed);
        continue;
      }
      if (step.kind === 'paint') {
        this.n_dropped += Math.floor(step.n_dropped / stride);
        this.n_due += Math.floor(step.n_dropped / stride) + 1;
        shown = step.index;
        const bitmap = ready.get(shown);
        if (bitmap !== undefined) this.#film.paint(bitmap, shown, times[shown] ?? 0);
        for (const [index, old] of ready) {
          if (index <= shown) {
            ready.delete(index);
            if (index < shown) old.close();
          }
        }
        bitmap?.close();
      }
      if (shown >= last) {
        // The last picture stays as long as any other before playback ends.
        await later((frameSecs(times, last) * 1000) / this.speed);
        if (!signal.aborted) this.pause();
      }
    }
    for (const bitmap of ready.values()) bitmap.close();
  }
}

function nextRefresh(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
