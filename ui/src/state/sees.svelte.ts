import type {
  ApiError,
  Backend,
  ChatId,
  FrameRef,
  PlanRequest,
  PlanView,
  PresetName,
  StageEvent,
  StrategyName,
  VideoId,
} from '../backend';
import { Latest } from '../lib/latest';
import { asApiError, isCancelled } from './errors';
import { BitmapCache, decode } from './pictures';
import type { Viewer } from './viewer.svelte';

/** What points at what, across the timeline, the panel and the answers. */
export interface Highlight {
  frame: number | null;
  token: number | null;
}

/**
 * What the model is going to see of the open video: the choice, the plan that it comes to, and how far the model has
 * looked at it.
 */
export class Sees {
  preset = $state<PresetName>('auto');
  strategy = $state<StrategyName | null>(null);
  pinned = $state.raw<number[]>([]);
  removed = $state.raw<number[]>([]);
  only_frame = $state<number | null>(null);

  plan = $state.raw<PlanView | null>(null);
  is_updating = $state(false);
  error = $state.raw<ApiError | null>(null);

  /** Frames of the plan that have been through the tower. */
  encoded = $state.raw<ReadonlySet<number>>(new Set());
  preparing = $state.raw<StageEvent | null>(null);
  is_prepared = $state(false);
  prepare_error = $state.raw<ApiError | null>(null);
  /** What an earlier answer was given, while it is looked at. */
  past = $state.raw<{ plan: PlanView; question: string } | null>(null);
  highlight = $state.raw<Highlight>({ frame: null, token: null });

  /** The plan to look at. */
  readonly shown = $derived(this.past?.plan ?? this.plan);
  /** Distinct frames of the plan in the order of time, for marks and for stepping between them. */
  readonly given = $derived.by((): FrameRef[] => distinct(this.shown?.frames ?? []));

  /** When the only frame is, where only one is asked about. */
  readonly only_secs = $derived.by(() => {
    const { only_frame } = this;
    if (only_frame === null) return null;
    const planned = this.plan?.frames.find((frame) => frame.index === only_frame)?.pts_secs;
    return this.#viewer.times?.[only_frame] ?? planned ?? this.#viewer.commanded_secs;
  });
  /** Whether the picture on screen is another one. */
  readonly is_only_elsewhere = $derived.by(
    () => this.only_frame !== null && this.only_frame !== this.#viewer.index,
  );

  /** Whether the model has looked at a frame of what is shown: at those of an earlier answer it had. */
  isSeen(frame: number): boolean {
    return this.past !== null || this.encoded.has(frame);
  }

  /** Of these, how many have been through the tower. */
  readonly n_given_encoded = $derived(this.given.filter((frame) => this.isSeen(frame.index)).length);

  #backend: Backend;
  #video: VideoId;
  #viewer: Viewer;
  #latest: Latest<{ request: PlanRequest; chat: ChatId | null }, PlanView>;
  #preparing: AbortController | null = null;
  #pictures = new BitmapCache<string>(72);
  /** Whoever points at something now. */
  #pointer: object | null = null;

  constructor(backend: Backend, viewer: Viewer, preset: PresetName) {
    this.#backend = backend;
    this.#viewer = viewer;
    this.#video = viewer.info.id;
    this.preset = preset;
    this.#latest = new Latest(
      {
        run: ({ request, chat }, signal) => backend.plan(request, chat, signal),
        show: (plan) => this.#take(plan),
        failed: (error) => {
          this.error = asApiError(error);
          this.is_updating = false;
        },
      },
      { abort_older: true },
    );
  }

  close(): void {
    this.#latest.cancel();
    this.stopPreparing();
    this.#pictures.clear();
  }

  /** What is chosen now. */
  request(): PlanRequest {
    return {
      video: this.#video,
      preset: this.preset,
      strategy: this.strategy,
      range: this.#viewer.range,
      pinned: this.pinned,
      removed: this.removed,
      only_frame: this.only_frame,
    };
  }

  update(chat: ChatId | null): void {
    this.is_updating = true;
    this.#latest.want({ request: this.request(), chat });
  }

  #take(plan: PlanView): void {
    this.plan = plan;
    this.error = null;
    this.is_updating = false;
    // Its tokens have other numbers.
    if (this.highlight.token !== null) this.highlight = { ...this.highlight, token: null };
    this.is_prepared = plan.images.length > 0 && plan.images.every((image) => image.is_encoded);
    this.encoded = new Set(
      plan.images
        .filter((image) => image.is_encoded)
        .flatMap((image) => image.frames.map((frame) => frame.index)),
    );
  }

  // --------------------------------------------------------------------------------------------- the choice

  choosePreset(preset: PresetName): void {
    this.only_frame = preset === 'frame' ? this.#viewer.index : null;
    this.preset = preset === 'frame' ? this.preset : preset;
    this.strategy = null;
  }

  askOnlyFrame(index: number | null): void {
    this.only_frame = index;
  }

  /** Asks about the picture on screen, instead of the one that was on screen when this was chosen. */
  askFrameShown(): void {
    this.only_frame = this.#viewer.index;
  }

  /** Pins a frame that is not pinned, and no longer keeps it out; the other way round for one that is. */
  togglePin(index: number): void {
    const is_pinned = this.pinned.includes(index);
    this.pinned = is_pinned ? without(this.pinned, index) : sorted([...this.pinned, index]);
    this.removed = without(this.removed, index);
  }

  toggleRemoved(index: number): void {
    const is_removed = this.removed.includes(index);
    this.removed = is_removed ? without(this.removed, index) : sorted([...this.removed, index]);
    this.pinned = without(this.pinned, index);
  }

  resetPicks(): void {
    this.pinned = [];
    this.removed = [];
  }

  /** What takes back every choice that is made from now on. */
  remember(): () => void {
    const { preset, strategy, pinned, removed, only_frame } = this;
    return () => Object.assign(this, { preset, strategy, pinned, removed, only_frame });
  }

  // -------------------------------------------------------------------------------------------- looking ahead

  /** Looks at the plan's frames now, so that the next question need not wait for it. */
  async prepare(): Promise<void> {
    const plan = this.plan;
    if (plan === null || plan.cost.refusal !== null || this.is_prepared) return;
    this.#preparing?.abort();
    const running = new AbortController();
    this.#preparing = running;
    this.prepare_error = null;
    try {
      await this.#backend.prepare(
        plan.request,
        (event) => {
          if (running.signal.aborted) return;
          if (event.kind === 'stage') this.preparing = event;
          else this.markEncoded(event.frames);
        },
        running.signal,
      );
      // Something else may have been chosen meanwhile, which waits until the choice rests.
      if (!running.signal.aborted && this.plan?.id === plan.id) this.is_prepared = true;
    } catch (error) {
      if (!running.signal.aborted && !isCancelled(error)) this.prepare_error = asApiError(error);
    } finally {
      if (this.#preparing === running) {
        this.#preparing = null;
        this.preparing = null;
      }
    }
  }

  stopPreparing(): void {
    this.#preparing?.abort();
    this.#preparing = null;
    this.preparing = null;
  }

  markEncoded(frames: number[]): void {
    this.encoded = new Set([...this.encoded, ...frames]);
  }

  // ------------------------------------------------------------------------------------------------- pictures

  /** The pixels of one of the plan's pictures; kept for a while. */
  async picture(plan: PlanView, image: number, signal: AbortSignal): Promise<ImageBitmap> {
    const key = pictureKey(plan, image);
    const kept = this.#pictures.get(key);
    if (kept !== undefined) return kept;
    const decoded = await decode(await this.#backend.planPicture(plan.id, image, signal));
    // Somebody else may have brought it meanwhile, and be about to paint it.
    const bitmap = this.#pictures.get(key) ?? decoded;
    if (bitmap === decoded) this.#pictures.set(key, decoded);
    else decoded.close();
    return bitmap;
  }

  /** Another model has other pictures. */
  forgetPictures(): void {
    this.#pictures.clear();
  }

  // ------------------------------------------------------------------------------------------------- pointing

  /** `by` points at a frame, in place of whatever did before. */
  point(by: object, frame: number | null, token: number | null = null): void {
    this.#pointer = by;
    if (this.highlight.frame !== frame || this.highlight.token !== token) this.highlight = { frame, token };
  }

  /** `by` shows another frame now: it points at that one, if it does. */
  follow(by: object, frame: number | null): void {
    if (this.#pointer === by && this.highlight.frame !== frame) this.point(by, frame);
  }

  /** `by` points no more, or is no longer there. */
  leave(by: object): void {
    if (this.#pointer !== by) return;
    this.#pointer = null;
    this.highlight = { frame: null, token: null };
  }
}

/** Plans that share a frame share its picture: only its frames, its cells and the tower make it what it is. */
function pictureKey(plan: PlanView, number: number): string {
  const image = plan.images[number];
  const frames = image?.frames.map((frame) => frame.index).join(' ') ?? `${plan.id} ${number}`;
  return `${plan.tower} ${plan.side_px} ${image?.kind} ${image?.n_columns} ${frames}`;
}

function distinct(frames: FrameRef[]): FrameRef[] {
  return frames.filter((frame, at) => at === 0 || frames[at - 1]?.index !== frame.index);
}

function without(list: number[], one: number): number[] {
  return list.filter((other) => other !== one);
}

function sorted(list: number[]): number[] {
  return [...new Set(list)].sort((a, b) => a - b);
}
