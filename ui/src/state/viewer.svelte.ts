import { untrack } from 'svelte';
import type { ApiError, Backend, FramePurpose, Picture, Range, VideoInfo } from '../backend';
import { frameSecs, indexAt } from '../lib/frames';
import { Latest } from '../lib/latest';
import { asApiError, isCancelled } from './errors';
import { Outline } from './outline';
import { BitmapCache, decode, type DecodedFrame, type FrameStamp } from './pictures';
import { Playback } from './playback.svelte';

/** Where pictures go: the viewer's canvas. */
export interface Surface {
  draw(bitmap: ImageBitmap): void;
}

interface Wish {
  secs: number;
  purpose: FramePurpose;
  /** Rises with every command, so that a late answer is known as one. */
  number: number;
}

/** A pointer that stands still for so long has arrived. Before that the machine belongs to what it passes over. */
const REST_MS = 50;
/** So long after a step no other is expected. */
const STEP_REST_MS = 600;
/** Whole decoded pictures: some 2 MB each at the size of the window. */
const N_KEPT = 6;

/**
 * One open video: where the user wants to be, and what is on screen. Three times with three names:
 * `commanded_secs` (asked for), `shown.pts_secs` (on screen), and the clock of `playback`.
 */
export class Viewer {
  readonly info: VideoInfo;
  readonly playback: Playback;
  times = $state.raw<Float64Array | null>(null);
  commanded_secs = $state(0);
  shown = $state.raw<FrameStamp | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Why the frames could not be counted: pictures are shown all the same. */
  times_error = $state.raw<ApiError | null>(null);
  is_scrubbing = $state(false);
  range = $state.raw<Range | null>(null);
  /** Carried out by the timeline while there is one. */
  zoom: (by: 'in' | 'out' | 'whole') => void = () => {};

  readonly duration_secs = $derived.by(() => {
    const last = this.times?.at(-1);
    if (this.times === null || last === undefined) return this.info.duration_secs;
    return last + frameSecs(this.times, this.times.length - 1);
  });
  /** Number of the frame that was asked for, as far as that is known. */
  readonly index = $derived.by(() =>
    this.times === null ? (this.shown?.index ?? 0) : indexAt(this.times, this.commanded_secs),
  );

  /** How long a frame is shown on average, as far as that is known. */
  get mean_frame_secs(): number {
    return 1 / (this.info.average_fps ?? 25);
  }

  #backend: Backend;
  #surface: Surface | null = null;
  #edge_px = 1280;
  #number = 0;
  #exact_number = -1;
  #kept = new BitmapCache<number>(N_KEPT);
  #outline: Outline;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #stepping: ReturnType<typeof setTimeout> | undefined;
  #closed = new AbortController();
  #near: Latest<Wish, DecodedFrame | Picture>;
  #exact: Latest<Wish, DecodedFrame>;

  constructor(backend: Backend, info: VideoInfo) {
    this.#backend = backend;
    this.info = info;
    this.#outline = new Outline(backend, info);
    this.#near = new Latest(
      {
        run: (wish, signal) => this.#fetch(wish, signal),
        // The next one is asked for while this one is on its way, decoded and painted.
        show: (fetched, wish) => void this.#showLoose(fetched, wish),
      },
      { abort_older: false, n_at_a_time: 2 },
    );
    this.#exact = new Latest(
      {
        run: async (wish, signal) => this.#decode(await this.#fetch(wish, signal)),
        show: (frame, wish) => this.#show(frame, wish),
        failed: (error) => (this.error = asApiError(error)),
      },
      { abort_older: true },
    );
    this.playback = new Playback({
      where: () => ({ times: this.times, range: this.range, commanded_secs: this.commanded_secs }),
      command: (secs) => this.#command(secs),
      picture: (index, signal) => this.#fetchIndex(index, signal),
      paint: (bitmap, index, pts_secs) => this.#paintPlaying(bitmap, index, pts_secs),
      paused: () => this.seek(this.shown?.pts_secs ?? this.commanded_secs),
      failed: (error) => (this.error = asApiError(error)),
    });
    void this.readTimes();
  }

  close(): void {
    this.playback.pause();
    // Nobody drags any more, and the program would wait for it.
    if (this.is_scrubbing) this.#backend.setScrubbing(false);
    this.is_scrubbing = false;
    this.#closed.abort();
    clearTimeout(this.#resting);
    this.#goOn();
    this.#near.cancel();
    this.#exact.cancel();
    this.#kept.clear();
    this.#outline.close();
    this.#surface = null;
  }

  /** `edge_px`: longest side of what the surface can show. */
  attach(surface: Surface, edge_px: number): void {
    this.#surface = surface;
    if (this.#edge_px !== edge_px) this.#kept.clear();
    this.#edge_px = edge_px;
    // Whoever attaches in an effect must not do so again at every command.
    untrack(() => {
      if (!this.playback.is_playing) this.seek(this.commanded_secs);
    });
  }

  // ------------------------------------------------------------------------------------------------ moving

  /** Goes there and shows exactly the frame of that time. */
  seek(secs: number, purpose: FramePurpose = 'still'): void {
    this.playback.hold();
    this.#command(secs);
    this.#exact.want({ secs: this.commanded_secs, purpose, number: this.#number });
    this.playback.goOn();
  }

  /** Follows a pointer: the nearest picture at once, the very frame as soon as it can be had. */
  scrub(secs: number): void {
    if (!this.is_scrubbing) {
      this.is_scrubbing = true;
      this.playback.pause();
      this.#backend.setScrubbing(true);
    }
    this.#command(secs);
    const wish = { secs: this.commanded_secs, number: this.#number };
    // The way to a frame is long: it is gone only to where the pointer stays, and ended before it keeps the next one waiting.
    this.#exact.cancel();
    this.#near.want({ ...wish, purpose: 'scrub' });
    this.#paintAtHand({ ...wish, purpose: 'scrub' });
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#exact.want({ ...wish, purpose: 'still' }), REST_MS);
  }

  endScrub(): void {
    if (!this.is_scrubbing) return;
    this.is_scrubbing = false;
    clearTimeout(this.#resting);
    this.#backend.setScrubbing(false);
    this.seek(this.commanded_secs);
  }

  seekIndex(index: number, purpose: FramePurpose = 'still'): void {
    const times = this.times;
    if (times === null) return;
    const pts = times[Math.min(times.length - 1, Math.max(0, index))];
    if (pts !== undefined) this.seek(pts, purpose);
  }

  step(by: number): void {
    this.playback.pause();
    this.#giveWay();
    if (this.times === null) {
      this.seek(this.commanded_secs + by * this.mean_frame_secs, 'step');
    } else this.seekIndex(this.index + by, 'step');
  }

  /** Whoever steps wants the next picture at once, like whoever drags: encoding waits until they rest. */
  #giveWay(): void {
    if (this.#stepping === undefined) this.#backend.setScrubbing(true);
    clearTimeout(this.#stepping);
    this.#stepping = setTimeout(() => this.#goOn(), STEP_REST_MS);
  }

  #goOn(): void {
    if (this.#stepping === undefined) return;
    clearTimeout(this.#stepping);
    this.#stepping = undefined;
    if (!this.is_scrubbing) this.#backend.setScrubbing(false);
  }

  jump(by_secs: number): void {
    this.seek(this.commanded_secs + by_secs);
  }

  /** What takes back where it is, what is played, and the range, if they change from now on. */
  remember(): () => void {
    const { commanded_secs, range, playback } = this;
    const { is_playing, speed } = playback;
    return () => {
      this.range = range;
      if (playback.speed !== speed) playback.setSpeed(speed);
      if (playback.is_playing !== is_playing) playback.toggle();
      if (!is_playing) this.seek(commanded_secs);
    };
  }

  // ------------------------------------------------------------------------------------------------- range

  setIn(): void {
    const start_secs = this.#frameStart();
    const end_secs =
      this.range !== null && this.range.end_secs > start_secs ? this.range.end_secs : this.duration_secs;
    this.setRange({ start_secs, end_secs });
  }

  /** The frame on screen is the last one within. */
  setOut(): void {
    const end_secs = this.#frameStart() + (this.times === null ? 0.04 : frameSecs(this.times, this.index));
    const start_secs = this.range !== null && this.range.start_secs < end_secs ? this.range.start_secs : 0;
    this.setRange({ start_secs, end_secs });
  }

  /** Null, and anything that is the whole video, is no range. */
  setRange(range: Range | null): void {
    if (range === null) this.range = null;
    else {
      const start_secs = Math.max(0, Math.min(range.start_secs, range.end_secs));
      const end_secs = Math.min(this.duration_secs, Math.max(range.start_secs, range.end_secs));
      const is_whole = start_secs <= 0 && end_secs >= this.duration_secs;
      this.range = is_whole || end_secs <= start_secs ? null : { start_secs, end_secs };
    }
  }

  #frameStart(): number {
    return this.times?.[this.index] ?? this.commanded_secs;
  }

  // ---------------------------------------------------------------------------------------------- pictures

  #paintPlaying(bitmap: ImageBitmap, index: number, pts_secs: number): void {
    this.#number += 1;
    this.#exact_number = this.#number;
    this.commanded_secs = pts_secs;
    this.error = null;
    this.shown = { index, pts_secs, is_exact: true };
    this.#surface?.draw(bitmap);
  }

  #command(secs: number): void {
    this.#number += 1;
    const last = this.times?.at(-1) ?? this.info.duration_secs;
    this.commanded_secs = Math.min(last, Math.max(0, secs));
  }

  async readTimes(): Promise<void> {
    this.times_error = null;
    try {
      this.times = await this.#backend.frameTimes(this.info.id, this.#closed.signal);
      // What was shown before the frames were listed was made without knowing the size of the screen.
      if (this.info.n_frames === null) {
        this.#kept.clear();
        if (!this.is_scrubbing) this.seek(this.commanded_secs);
      }
      void this.#outline.draw(this.duration_secs);
    } catch (error) {
      if (!isCancelled(error) && !this.#closed.signal.aborted) this.times_error = asApiError(error);
    }
  }

  async #fetch(wish: Wish, signal: AbortSignal): Promise<DecodedFrame | Picture> {
    const times = this.times;
    if (times !== null) {
      const index = indexAt(times, wish.secs);
      const kept = this.#kept.get(index);
      if (kept !== undefined)
        return { bitmap: kept, index, pts_secs: times[index] ?? wish.secs, is_exact: true };
    }
    return this.#backend.frame(
      { video: this.info.id, at: { secs: wish.secs }, max_edge_px: this.#edge_px, purpose: wish.purpose },
      signal,
    );
  }

  /** Ready to be painted; kept where it is the very frame, since one for a pointer may be coarse or have no number. */
  async #decode(picture: DecodedFrame | Picture): Promise<DecodedFrame> {
    if ('bitmap' in picture) return picture;
    const { index, pts_secs, is_exact } = picture;
    if (index === null || !is_exact) return { bitmap: await decode(picture), index, pts_secs, is_exact };
    let bitmap = this.#kept.get(index);
    if (bitmap === undefined) {
      const decoded = await decode(picture);
      // Another request may have brought the same frame meanwhile, and its picture may be about to be painted.
      bitmap = this.#kept.get(index) ?? decoded;
      if (bitmap === decoded) this.#kept.set(index, decoded);
      else decoded.close();
    }
    return { bitmap, index, pts_secs, is_exact };
  }

  async #showLoose(fetched: DecodedFrame | Picture, wish: Wish): Promise<void> {
    const frame = await this.#decode(fetched).catch(() => null);
    if (frame === null) return;
    if (!this.#closed.signal.aborted) this.#show(frame, wish);
    if (!frame.is_exact) frame.bitmap.close();
  }

  async #fetchIndex(index: number, signal: AbortSignal): Promise<ImageBitmap> {
    return decode(
      await this.#backend.frame(
        { video: this.info.id, at: { index }, max_edge_px: this.#edge_px, purpose: 'play' },
        signal,
      ),
    );
  }

  /** Paints the nearest of what the page has, where that is nearer than what is on screen: at once, before anything is asked for. */
  #paintAtHand(wish: Wish): void {
    const times = this.times;
    if (times === null) return;
    const wanted = indexAt(times, wish.secs);
    const off = (index: number) => Math.abs((times[index] ?? Infinity) - wish.secs);
    const nearest = (indices: Iterable<number>) =>
      [...indices].reduce<number | null>(
        (best, one) => (best === null || off(one) < off(best) ? one : best),
        null,
      );
    const kept = nearest(this.#kept.has(wanted) ? [wanted] : this.#kept.keys());
    const drawn = nearest(this.#outline.indices());
    const index =
      kept !== null && (drawn === null || kept === wanted || off(kept) <= off(drawn)) ? kept : drawn;
    const bitmap = index === null ? undefined : (this.#kept.get(index) ?? this.#outline.get(index));
    const shown = this.shown;
    if (
      index !== null &&
      bitmap !== undefined &&
      (shown === null || index === wanted || off(index) < Math.abs(shown.pts_secs - wish.secs))
    ) {
      // A picture of the outline is that of its frame, but coarse: the frame itself still comes.
      const is_exact = index === wanted && index === kept;
      this.#show({ bitmap, index, pts_secs: times[index] ?? wish.secs, is_exact }, wish);
    } else if (shown?.is_exact === true && shown.index !== wanted) this.shown = { ...shown, is_exact: false };
  }

  #show(frame: DecodedFrame, wish: Wish): void {
    // Whatever is older than what is on screen exactly, or stands in for it, is too late; so is what lies farther off.
    const off = (pts_secs: number) => Math.abs(pts_secs - this.commanded_secs);
    const is_overtaken = frame.is_exact
      ? wish.number < this.#exact_number
      : wish.number <= this.#exact_number ||
        (this.shown !== null && off(frame.pts_secs) > off(this.shown.pts_secs));
    if (!is_overtaken && !this.playback.is_playing) {
      if (frame.is_exact) this.#exact_number = wish.number;
      this.error = null;
      this.shown = { index: frame.index, pts_secs: frame.pts_secs, is_exact: frame.is_exact };
      this.#surface?.draw(frame.bitmap);
    }
  }
}
