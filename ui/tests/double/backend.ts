import type {
  Answer,
  AnswerEvent,
  ApiError,
  AppEvent,
  AskRequest,
  Backend,
  Chat,
  ChatSummary,
  Download,
  FilmstripRequest,
  FrameRequest,
  Menu,
  Model,
  ModelState,
  OfferedModel,
  Picture,
  PlanRequest,
  PlanView,
  PrepareEvent,
  RecentVideo,
  SavedFile,
  Settings,
  Turn,
  VideoInfo,
  VideoView,
} from '../../src/backend';
import { DEFAULTS } from '../../src/state/window.svelte';
import { factsOf } from './answers';
import { frameJpeg, towerPicture } from './camera';
import { Chats } from './chats';
import type { ClipFacts } from './clip';
import { Downloads, SMOOTH } from './downloads';
import { BIG, NANO, VICUNA, WRONG } from './models';
import { CANCELLED, Pace } from './pace';
import { planFor } from './plans';
import { someRecents } from './recents';
import { PLAIN, type Script } from './script';

export type { Script } from './script';

const CHAT_TOKENS = 120; // of an earlier turn

/**
 * The program's side of the seam, played by the page itself for the tests. It knows one clip, whose frames a small
 * server hands out, and says what it is told to say.
 */
export class Double implements Backend {
  script: Script = { ...PLAIN };
  readonly pace: Pace;
  /** Every call by name, for tests that count. */
  readonly calls: string[] = [];
  readonly copied: string[] = [];
  menu: Menu[] = [];

  #facts: ClipFacts;
  #listeners = new Set<(event: AppEvent) => void>();
  #settings: Settings = DEFAULTS;
  #model: ModelState;
  #models: Model[] = [NANO, VICUNA, BIG];
  #downloads: Downloads;
  #plans = new Map<string, PlanView>();
  #answered = new Map<string, PlanView>();
  #encoded = new Set<number>();
  #recents: RecentVideo[] = [];
  #chats = new Chats();
  #views = new Map<string, VideoView>();
  /** Names of what the program was started with. */
  #given: string[];
  /** Questions are answered one after the other. */
  #answering: Promise<void> = Promise.resolve();
  #n_asked = 0;
  #played: Promise<unknown> = Promise.resolve();

  constructor(facts: ClipFacts, options: URLSearchParams) {
    this.#facts = facts;
    const settings = options.get('settings');
    if (settings !== null) this.#settings = { ...DEFAULTS, ...(JSON.parse(settings) as Partial<Settings>) };
    const script = options.get('script');
    if (script !== null) this.script = { ...this.script, ...(JSON.parse(script) as Partial<Script>) };
    this.pace = new Pace(this.script.holds);
    this.script.download = { ...SMOOTH, ...this.script.download };
    if (this.script.has_only_embedded) this.#models = [NANO];
    this.#downloads = new Downloads({
      script: () => this.script.download,
      verified: (ms) => this.pace.pass('verify', ms, null),
      tell: (download) => this.#hearDownload(download),
      came: (model) => this.#models.push(model),
      gone: (id) => this.#forgetModel(id),
    });
    this.#model = {
      kind: 'ready',
      model: options.get('model') === 'large' ? VICUNA : NANO,
      device: this.#device(),
    };
    if (options.get('recents') !== null) this.#recents = someRecents(facts.name);
    this.#given = options.get('given')?.split(',') ?? [];
  }

  #device() {
    return {
      name: 'CPU',
      detail: '8 threads, AVX2, 16 GB',
      reason: 'No NVIDIA driver was found; everything runs on the processor.',
    };
  }

  emit(event: AppEvent): void {
    if (event.kind === 'model') this.#model = event.state;
    for (const on of this.#listeners) on(event);
  }

  listen(on: (event: AppEvent) => void): () => void {
    this.#listeners.add(on);
    return () => this.#listeners.delete(on);
  }

  // ------------------------------------------------------------------------------------------------- videos

  get video(): VideoInfo {
    return this.#videoOf('clip', this.#facts.name);
  }

  /** Every video shows the one clip, under its own name. */
  #videoOf(id: string, name: string): VideoInfo {
    const { width, height, times, n_bytes } = this.#facts;
    return {
      ...{ id, name, container: 'mp4', codec: 'h264', width, height, pixel_aspect: 1, rotation_degrees: 0 },
      ...{ n_frames: times.length, duration_secs: (times.at(-1) ?? 0) + 0.04 },
      ...{ average_fps: 25, is_constant_rate: true, n_bytes, warnings: [] },
      ...{ is_sample: name === 'sample.mp4', view: this.#views.get(id) ?? null },
    };
  }

  /** The latest stands first among those that were opened. */
  #opened(video: VideoInfo): VideoInfo {
    if (this.script.fail_open !== null) throw this.script.fail_open;
    const { id, name, duration_secs } = video;
    const known = this.#recents.find((recent) => recent.id === id);
    const opened_at_secs = Date.now() / 1000;
    const recent = known ?? { id, name, duration_secs, opened_at_secs, is_there: true, chats: [] };
    this.#recents = [{ ...recent, opened_at_secs }, ...this.#recents.filter((one) => one.id !== id)];
    return video;
  }

  async openWithDialog(): Promise<VideoInfo[]> {
    this.calls.push('openWithDialog');
    return [this.#opened(this.video)];
  }
  async openSample(): Promise<VideoInfo> {
    await this.pace.pass('open', this.script.open_ms, null);
    return this.#opened(this.video);
  }
  async openRecent(id: string): Promise<VideoInfo> {
    const recent = this.#recents.find((one) => one.id === id);
    if (recent === undefined)
      throw { code: 'video-missing', message: 'the video is no longer there', hint: null } satisfies ApiError;
    return this.#opened(this.#videoOf(id, recent.name));
  }
  async recentVideos(): Promise<RecentVideo[]> {
    return this.#recents.map((recent) => ({
      ...recent,
      chats: [...this.#chats.list(recent.id), ...recent.chats],
    }));
  }
  async poster(video: string, signal: AbortSignal): Promise<Picture> {
    const at = { clip: 20, v2: 120, v3: 70, gone: 150, v5: 95 }[video] ?? 0;
    return frameJpeg(at, this.#facts, signal);
  }
  async forgetVideo(video: string): Promise<void> {
    this.#recents = this.#recents.filter((recent) => recent.id !== video);
    this.#chats.forget(video);
    this.#views.delete(video);
  }
  async frameTimes(_video: string, signal: AbortSignal): Promise<Float64Array> {
    await this.pace.pass('times', this.script.times_ms, signal);
    return Float64Array.from(this.#facts.times);
  }

  #indexAt(secs: number): number {
    const after = this.#facts.times.findIndex((pts) => pts > secs + 1e-6);
    return after < 0 ? this.#facts.times.length - 1 : Math.max(0, after - 1);
  }

  async frame(request: FrameRequest, signal: AbortSignal): Promise<Picture> {
    this.calls.push(`frame ${request.purpose}`);
    if (this.script.fail_frame !== null) throw this.script.fail_frame;
    const index = 'index' in request.at ? request.at.index : this.#indexAt(request.at.secs);
    if (request.purpose === 'scrub' && this.script.has_near_pictures) {
      const near = Math.round(index / 25) * 25;
      return { ...(await frameJpeg(near, this.#facts, signal)), is_exact: near === index };
    }
    if (request.purpose !== 'play') await this.pace.pass('frame', this.script.frame_ms, signal);
    else {
      // One after the other, as a decoder makes them.
      this.#played = this.#played.then(() => this.pace.pass('play', this.script.play_ms, null));
      await this.#played;
      if (signal.aborted) throw CANCELLED;
    }
    return frameJpeg(index, this.#facts, signal);
  }

  async filmstrip(
    request: FilmstripRequest,
    on: (slot: number, picture: Picture) => void,
    signal: AbortSignal,
  ) {
    this.calls.push(`filmstrip ${request.at_secs.length}`);
    for (const [slot, secs] of request.at_secs.entries()) {
      const picture = await frameJpeg(this.#indexAt(secs), this.#facts, signal);
      if (signal.aborted) throw CANCELLED;
      on(slot, picture);
    }
  }
  setScrubbing(is_scrubbing: boolean): void {
    this.calls.push(`setScrubbing ${is_scrubbing}`);
  }
  async keepView(video: string, view: VideoView): Promise<void> {
    this.calls.push('keepView');
    this.#views.set(video, view);
  }
  async copyFrame(_video: string, index: number): Promise<void> {
    this.calls.push(`copyFrame ${index}`);
  }
  async saveFrame(_video: string, index: number): Promise<SavedFile> {
    return {
      name: `frame-${String(index).padStart(7, '0')}-${(this.#facts.times[index] ?? 0).toFixed(3)}s.png`,
    };
  }

  // -------------------------------------------------------------------------------------------------- plans

  get #loaded(): Model {
    const model = this.#model.kind === 'ready' ? this.#model.model : NANO;
    return this.script.n_context === null ? model : { ...model, n_context: this.script.n_context };
  }

  async plan(request: PlanRequest, chat: string | null, signal: AbortSignal): Promise<PlanView> {
    this.calls.push('plan');
    if (signal.aborted) throw CANCELLED;
    if (this.script.fail_plan !== null) throw this.script.fail_plan;
    await this.pace.pass('plan', 0, signal);
    const n_chat = this.#chatTokens(chat);
    const plan = planFor(request, this.#facts.times, this.#loaded, this.#encoded, n_chat);
    this.#plans.set(plan.id, plan);
    return plan;
  }
  #chatTokens(chat: string | null): number {
    return (this.kept.find((one) => one.id === chat)?.turns.length ?? 0) * CHAT_TOKENS;
  }
  async planPicture(id: string, image: number, signal: AbortSignal): Promise<Picture> {
    this.calls.push('planPicture');
    const found = this.#plans.get(id)?.images[image];
    if (found === undefined)
      throw { code: 'unknown', message: `no picture ${image}`, hint: null } satisfies ApiError;
    return towerPicture(found, this.#facts, signal);
  }

  async prepare(request: PlanRequest, on: (event: PrepareEvent) => void, signal: AbortSignal): Promise<void> {
    this.calls.push('prepare');
    await this.#encode(planFor(request, this.#facts.times, this.#loaded, this.#encoded, 0), on, signal);
  }

  async #encode(plan: PlanView, on: (event: PrepareEvent) => void, signal: AbortSignal): Promise<void> {
    const n_images = plan.images.length;
    for (const [n_done, image] of plan.images.entries()) {
      const remaining_secs = ((n_images - n_done) * this.script.encode_ms) / 1000;
      on({ kind: 'stage', stage: 'encoding', n_done, n_total: n_images, remaining_secs });
      const frames = image.frames.map((frame) => frame.index);
      if (frames.some((index) => !this.#encoded.has(index))) await this.#look(signal);
      for (const index of frames) this.#encoded.add(index);
      on({ kind: 'encoded', frames });
    }
    const n_total = plan.counts.total;
    on({ kind: 'stage', stage: 'reading-prompt', n_done: n_total / 2, n_total, remaining_secs: 1 });
    await this.#look(signal);
  }
  #look(signal: AbortSignal): Promise<void> {
    return this.pace.pass('encode', this.script.encode_ms, signal);
  }

  // -------------------------------------------------------------------------------------------------- chats

  /** Whatever is not deleted, as it is shown. */
  get kept(): Chat[] {
    return this.#chats.all();
  }
  async chats(video: string): Promise<ChatSummary[]> {
    return this.#chats.list(video);
  }
  async chat(id: string): Promise<Chat> {
    return this.#chats.get(id);
  }
  async newChat(video: string): Promise<Chat> {
    return this.#chats.add(video);
  }
  async findChats(video: string, words: string): Promise<ChatSummary[]> {
    return this.#chats.list(video, words);
  }
  async renameChat(id: string, title: string): Promise<void> {
    this.#chats.rename(id, title);
  }
  async deleteChat(id: string): Promise<void> {
    this.#chats.delete(id);
  }
  async restoreChat(id: string): Promise<void> {
    this.#chats.restore(id);
  }
  async showTurn(turn: string): Promise<Chat> {
    return this.#chats.show(turn);
  }
  async countTokens(words: string): Promise<number> {
    this.calls.push('countTokens');
    return Math.ceil(words.split(/\s+/u).filter((word) => word !== '').length * 1.3);
  }

  async ask(request: AskRequest, on: (event: AnswerEvent) => void, signal: AbortSignal): Promise<Turn> {
    this.calls.push('ask');
    const id = this.#chats.begin(request);
    on({ kind: 'began', turn: id });
    const plan = planFor(request.plan, this.#facts.times, this.#loaded, this.#encoded, 0);
    const earlier = this.#chats.before(request, id);
    const { answer, choice, ending, probabilities, fail_answer, forgets_after } = this.script;
    const facts = { model: this.#loaded, plan, request, ending, n_history: earlier.length * CHAT_TOKENS };
    const told: Answer = { state: 'done', text: '', choice, probabilities, facts: null, error: null };
    const before = this.#answering;
    let done = () => {};
    this.#answering = new Promise((resolve) => (done = resolve));
    const asked_ms = performance.now();
    let wait_secs = 0;
    try {
      if (this.#n_asked++ > 0) {
        on({ kind: 'stage', stage: 'waiting', n_done: 0, n_total: 0, remaining_secs: null });
        await Promise.race([before, this.#aborted(signal)]);
        wait_secs = (performance.now() - asked_ms) / 1000;
      }
      const earliest = forgets_after === null ? undefined : earlier.at(-forgets_after);
      if (earliest !== undefined) {
        this.#chats.remembersFrom(request, earliest);
        on({ kind: 'remembers-from', turn: earliest });
      }
      await this.#encode(plan, on, signal);
      const words = answer.split(/(?<=\s)/u);
      for (const [n_said, word] of words.entries()) {
        await this.pace.pass('word', this.script.word_ms, signal);
        if (fail_answer !== null && n_said > words.length / 2) throw fail_answer;
        if (this.script.restarts && n_said === Math.floor(words.length / 2)) {
          const error: ApiError = { code: 'worker-ended', message: 'the memory was full', hint: null };
          on({ kind: 'restarting', error });
          await this.pace.pass('restart', 1000, signal);
        }
        told.text += word;
        on({ kind: 'text', text: word });
      }
    } catch (error) {
      const failure = error as ApiError;
      told.state = failure.code === 'cancelled' ? 'stopped' : 'failed';
      told.error = failure.code === 'cancelled' ? null : failure;
      told.choice = null;
      told.probabilities = [];
    } finally {
      this.#n_asked -= 1;
      void before.then(done);
    }
    if (told.state === 'done' || told.text !== '') told.facts = factsOf(facts, wait_secs);
    this.#plans.set(plan.id, plan);
    this.#answered.set(id, plan);
    return this.#chats.end(request, id, told);
  }

  #aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      if (signal.aborted) reject(CANCELLED);
      signal.addEventListener('abort', () => reject(CANCELLED));
    });
  }

  async answerPlan(turn: string): Promise<PlanView> {
    const plan = this.#answered.get(turn);
    if (plan === undefined)
      throw { code: 'video-missing', message: 'the video is no longer there', hint: null } satisfies ApiError;
    return plan;
  }

  // ------------------------------------------------------------------------------------------ models, window

  async modelState(): Promise<ModelState> {
    return this.#model;
  }
  async models(): Promise<Model[]> {
    return this.#models;
  }
  async pickModel(): Promise<Model | null> {
    return this.script.picked;
  }
  async forgetModel(id: string): Promise<void> {
    this.#models = this.#models.filter((model) => model.id !== id || !model.is_listed);
  }
  async loadModel(id: string, signal: AbortSignal): Promise<void> {
    const model = [...this.#models, WRONG].find((one) => one.id === id) ?? NANO;
    const before = this.#model;
    try {
      for (let n_done = 0; n_done <= 10; n_done++) {
        this.emit({
          kind: 'model',
          state: { kind: 'loading', model, n_done, n_total: 10, remaining_secs: 10 - n_done },
        });
        await this.pace.pass('load', this.script.encode_ms, signal);
      }
    } catch (error) {
      this.emit({ kind: 'model', state: before });
      throw error;
    }
    this.emit({ kind: 'model', state: { kind: 'ready', model, device: this.#device() } });
  }
  async catalogue(): Promise<OfferedModel[]> {
    return this.#downloads.offers();
  }
  async downloads(): Promise<Download[]> {
    return this.#downloads.list();
  }
  async startDownload(variant: string): Promise<void> {
    this.calls.push(`startDownload ${variant}`);
    this.#downloads.start(variant);
  }
  async pauseDownload(variant: string): Promise<void> {
    this.calls.push(`pauseDownload ${variant}`);
    this.#downloads.pause(variant);
  }
  async discardDownload(variant: string): Promise<void> {
    this.calls.push(`discardDownload ${variant}`);
    this.#downloads.discard(variant);
  }
  async removeModel(model: string): Promise<number> {
    this.calls.push(`removeModel ${model}`);
    if (this.script.fail_remove !== null) throw this.script.fail_remove;
    return this.#downloads.remove(model);
  }

  #hearDownload(download: Download): void {
    this.emit({ kind: 'download', download });
    const { state } = download;
    if (state.kind === 'done' && this.#model.kind !== 'loading') {
      void this.loadModel(state.model, new AbortController().signal);
    }
  }
  #forgetModel(id: string): void {
    this.#models = this.#models.filter((model) => model.id !== id);
    if (this.#model.kind === 'ready' && this.#model.model.id === id) {
      this.emit({ kind: 'model', state: { kind: 'ready', model: NANO, device: this.#device() } });
    }
  }
  async settings(): Promise<Settings> {
    return this.#settings;
  }
  async changeSettings(changes: Partial<Settings>): Promise<Settings> {
    this.#settings = { ...this.#settings, ...changes };
    return this.#settings;
  }
  setMenu(menu: Menu[]): void {
    this.menu = menu;
  }
  setTitle(title: string): void {
    document.title = title;
  }
  async setFullScreen(is_full: boolean): Promise<void> {
    this.calls.push(`setFullScreen ${is_full}`);
  }
  async given(): Promise<string[]> {
    return this.#given;
  }
  ready(): void {
    this.calls.push('ready');
    for (const [number, name] of this.#given.entries()) void this.#openGiven(`given-${number}`, name);
  }
  async #openGiven(id: string, name: string): Promise<void> {
    await this.pace.pass('open', this.script.open_ms, null);
    try {
      this.emit({ kind: 'opened', videos: [this.#opened(this.#videoOf(id, name))] });
    } catch (error) {
      this.emit({ kind: 'open-failed', name, error: error as ApiError });
    }
  }
  async diagnosis(with_file_names: boolean): Promise<string> {
    return `Videre 0.1.0\nCPU: AVX2${with_file_names ? '\nllava.gguf' : ''}`;
  }
  async showLogs(): Promise<void> {}
  async copyText(text: string): Promise<void> {
    this.copied.push(text);
  }

  /** For tests that show a refusal. */
  static readonly wrong = WRONG;
}
