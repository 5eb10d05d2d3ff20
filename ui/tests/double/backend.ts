import type {
  Answer,
  AnswerEvent,
  AnswerFacts,
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
} from '../../src/backend';
import { DEFAULTS } from '../../src/state/window.svelte';
import { frameJpeg, towerPicture } from './camera';
import type { ClipFacts } from './clip';
import { Downloads, SMOOTH, type DownloadScript } from './downloads';
import { BIG, NANO, VICUNA, WRONG } from './models';
import { planFor } from './plans';

const CANCELLED: ApiError = { code: 'cancelled', message: 'cancelled', hint: null };

/** What a test changes to see another state of the window. All times in milliseconds. */
export interface Script {
  frame_ms: number;
  /** What each frame of playback takes by itself. */
  play_ms: number;
  encode_ms: number;
  word_ms: number;
  times_ms: number;
  open_ms: number;
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

/**
 * The program's side of the seam, played by the page itself for the tests. It knows one clip, whose frames a small
 * server hands out, and says what it is told to say.
 */
export class Double implements Backend {
  script: Script = {
    frame_ms: 0,
    play_ms: 0,
    encode_ms: 0,
    word_ms: 0,
    times_ms: 0,
    open_ms: 0,
    n_context: null,
    restarts: false,
    forgets_after: null,
    has_near_pictures: true,
    answer: 'At 0:01 the green circle moves to the right, and at 0:04 the star turns **blue**.',
    choice: null,
    fail_answer: null,
    fail_open: null,
    fail_plan: null,
    fail_frame: null,
    picked: VICUNA,
    has_only_embedded: false,
    download: SMOOTH,
    fail_remove: null,
  };
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
  readonly kept: Chat[] = [];
  #played: Promise<unknown> = Promise.resolve();
  #next = 1;

  constructor(facts: ClipFacts, options: URLSearchParams) {
    this.#facts = facts;
    const settings = options.get('settings');
    if (settings !== null) this.#settings = { ...DEFAULTS, ...(JSON.parse(settings) as Partial<Settings>) };
    const script = options.get('script');
    if (script !== null) this.script = { ...this.script, ...(JSON.parse(script) as Partial<Script>) };
    this.script.download = { ...SMOOTH, ...this.script.download };
    if (this.script.has_only_embedded) this.#models = [NANO];
    this.#downloads = new Downloads({
      script: () => this.script.download,
      tell: (download) => this.#hearDownload(download),
      came: (model) => this.#models.push(model),
      gone: (id) => this.#forgetModel(id),
    });
    this.#model = {
      kind: 'ready',
      model: options.get('model') === 'large' ? VICUNA : NANO,
      device: this.#device(),
    };
    if (options.get('recents') !== null) this.#recents = this.#someRecents();
  }

  #device() {
    return {
      name: 'CPU',
      detail: '8 threads, AVX2, 16 GB',
      reason: 'No NVIDIA driver was found; everything runs on the processor.',
    };
  }

  #someRecents(): RecentVideo[] {
    const day = 86_400;
    const now = Date.now() / 1000;
    const chat = (id: string, title: string): ChatSummary => ({
      id,
      title,
      n_turns: 2,
      changed_at_secs: now,
    });
    const one = (
      id: string,
      name: string,
      secs: number,
      days: number,
      chats: ChatSummary[],
    ): RecentVideo => ({
      ...{ id, name, duration_secs: secs, opened_at_secs: now - days * day, is_there: id !== 'gone', chats },
    });
    return [
      one('clip', this.#facts.name, 7, 0, [chat('a', 'What happens to the star?')]),
      one('v2', 'Kitchen, take 4.mov', 754, 1, [
        chat('b', 'What happens after the pan goes on the stove?'),
        chat('c', 'When does she laugh?'),
      ]),
      one('v3', 'VID_20260918_173355.mp4', 43, 6, []),
      one('gone', 'lecture-03-recording.mkv', 5412, 20, [chat('d', 'Which formula is on the board?')]),
      one('v5', 'drone over the harbour.mp4', 312, 41, []),
    ];
  }

  emit(event: AppEvent): void {
    if (event.kind === 'model') this.#model = event.state;
    for (const on of this.#listeners) on(event);
  }

  listen(on: (event: AppEvent) => void): () => void {
    this.#listeners.add(on);
    return () => this.#listeners.delete(on);
  }

  async #wait(ms: number, signal: AbortSignal | null): Promise<void> {
    if (signal?.aborted === true) throw CANCELLED;
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(CANCELLED);
      });
    });
  }

  // ------------------------------------------------------------------------------------------------- videos

  get video(): VideoInfo {
    const { name, width, height, times, n_bytes } = this.#facts;
    return {
      ...{
        id: 'clip',
        name,
        container: 'mp4',
        codec: 'h264',
        width,
        height,
        pixel_aspect: 1,
        rotation_degrees: 0,
      },
      ...{
        n_frames: times.length,
        duration_secs: (times.at(-1) ?? 0) + 0.04,
        average_fps: 25,
        is_constant_rate: true,
      },
      ...{ n_bytes, warnings: [] },
    };
  }

  async openWithDialog(): Promise<VideoInfo[]> {
    this.calls.push('openWithDialog');
    if (this.script.fail_open !== null) throw this.script.fail_open;
    return [this.video];
  }
  async openSample(): Promise<VideoInfo> {
    await this.#wait(this.script.open_ms, null);
    if (this.script.fail_open !== null) throw this.script.fail_open;
    return this.video;
  }
  async openRecent(): Promise<VideoInfo> {
    if (this.script.fail_open !== null) throw this.script.fail_open;
    return this.video;
  }
  async recentVideos(): Promise<RecentVideo[]> {
    return this.#recents;
  }
  async poster(video: string, signal: AbortSignal): Promise<Picture> {
    const at = { clip: 20, v2: 120, v3: 70, gone: 150, v5: 95 }[video] ?? 0;
    return frameJpeg(at, this.#facts, signal);
  }
  async forgetVideo(video: string): Promise<void> {
    this.#recents = this.#recents.filter((recent) => recent.id !== video);
  }
  async frameTimes(_video: string, signal: AbortSignal): Promise<Float64Array> {
    await this.#wait(this.script.times_ms, signal);
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
    if (request.purpose !== 'play') await this.#wait(this.script.frame_ms, signal);
    else if (this.script.play_ms > 0) {
      // One after the other, as a decoder makes them.
      const before = this.#played;
      this.#played = before.then(() => new Promise((done) => setTimeout(done, this.script.play_ms)));
      await this.#played;
      await this.#wait(0, signal);
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
    await this.#wait(0, signal);
    if (this.script.fail_plan !== null) throw this.script.fail_plan;
    const n_chat = (this.kept.find((one) => one.id === chat)?.turns.length ?? 0) * 120;
    const plan = planFor(request, this.#facts.times, this.#loaded, this.#encoded, n_chat);
    this.#plans.set(plan.id, plan);
    return plan;
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
    const frames = [...new Set(plan.images.flatMap((image) => image.frames.map((frame) => frame.index)))];
    for (const [n_done, index] of frames.entries()) {
      const remaining_secs = ((frames.length - n_done) * this.script.encode_ms) / 1000;
      on({ kind: 'stage', stage: 'encoding', n_done, n_total: frames.length, remaining_secs });
      if (!this.#encoded.has(index)) await this.#wait(this.script.encode_ms, signal);
      this.#encoded.add(index);
      on({ kind: 'encoded', frames: [index] });
    }
    const n_total = plan.counts.total;
    on({ kind: 'stage', stage: 'reading-prompt', n_done: n_total / 2, n_total, remaining_secs: 1 });
    await this.#wait(this.script.encode_ms, signal);
  }

  // -------------------------------------------------------------------------------------------------- chats

  async chats(): Promise<ChatSummary[]> {
    return this.kept
      .filter((chat) => chat.turns.length > 0)
      .map((chat) => ({ id: chat.id, title: chat.title, n_turns: chat.turns.length, changed_at_secs: 0 }))
      .reverse();
  }
  async chat(id: string): Promise<Chat> {
    const found = this.kept.find((chat) => chat.id === id);
    if (found === undefined)
      throw { code: 'unknown', message: 'no such conversation', hint: null } satisfies ApiError;
    return found;
  }
  async newChat(video: string): Promise<Chat> {
    const chat: Chat = { id: `chat-${this.#next++}`, video, title: '', turns: [], remembers_from: null };
    this.kept.push(chat);
    return chat;
  }
  async deleteChat(id: string): Promise<void> {
    this.kept.splice(
      this.kept.findIndex((chat) => chat.id === id),
      1,
    );
  }

  async ask(request: AskRequest, on: (event: AnswerEvent) => void, signal: AbortSignal): Promise<Turn> {
    this.calls.push('ask');
    const at = this.kept.findIndex((chat) => chat.id === request.chat);
    const chat = this.kept[at];
    if (chat === undefined)
      throw { code: 'unknown', message: 'no such conversation', hint: null } satisfies ApiError;
    const before = chat.turns.findIndex((turn) => turn.id === request.replaces);
    const turns = before < 0 ? chat.turns : chat.turns.slice(0, before);
    const id = `turn-${this.#next++}`;
    on({ kind: 'began', turn: id });
    const { forgets_after } = this.script;
    const earliest = forgets_after === null ? undefined : turns.at(-forgets_after);
    if (earliest !== undefined) on({ kind: 'remembers-from', turn: earliest.id });
    const plan = planFor(request.plan, this.#facts.times, this.#loaded, this.#encoded, 0);
    const { answer, choice, fail_answer } = this.script;
    const told: Answer = {
      state: 'done',
      text: '',
      choice,
      facts: this.#factsOf(request, plan),
      error: null,
    };
    try {
      await this.#encode(plan, on, signal);
      const words = answer.split(/(?<=\s)/u);
      for (const [n_said, word] of words.entries()) {
        await this.#wait(this.script.word_ms, signal);
        if (fail_answer !== null && n_said > words.length / 2) throw fail_answer;
        if (this.script.restarts && n_said === Math.floor(words.length / 2)) {
          const error: ApiError = { code: 'worker-ended', message: 'the memory was full', hint: null };
          on({ kind: 'restarting', error });
          await this.#wait(1000, signal);
        }
        told.text += word;
        on({ kind: 'text', text: word });
      }
    } catch (error) {
      const failure = error as ApiError;
      told.state = failure.code === 'cancelled' ? 'stopped' : 'failed';
      told.error = failure.code === 'cancelled' ? null : failure;
      told.choice = null;
    }
    this.#plans.set(plan.id, plan);
    this.#answered.set(id, plan);
    const turn: Turn = {
      id,
      question: request.question,
      options: request.options,
      asked_at_secs: Date.now() / 1000,
      answer: told,
    };
    const title = chat.title === '' ? request.question : chat.title;
    this.kept[at] = { ...chat, title, turns: [...turns, turn] };
    return turn;
  }

  #factsOf(request: AskRequest, plan: PlanView): AnswerFacts {
    const model = this.#loaded;
    return {
      model: `${model.name} ${model.quantisation}`.trim(),
      device: 'CPU, 8 threads',
      preset: plan.preset,
      strategy: plan.strategy,
      range: request.plan.range,
      only_frame: request.plan.only_frame,
      frames: plan.frames,
      counts: plan.counts,
      n_prompt_tokens: plan.counts.total + 54,
      n_answer_tokens: 24,
      prompt: `USER: <video: ${plan.counts.total} tokens>\n${request.question} ASSISTANT:`,
      settings: [
        ['Temperature', '0'],
        ['Longest answer', '512 tokens'],
      ],
      timings: {
        video_secs: 0.31,
        encode_secs: 4.2,
        prompt_secs: 3.6,
        first_word_secs: 8.2,
        answer_secs: 1.6,
        total_secs: 9.8,
      },
      notices: plan.notices,
    };
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
  async loadModel(id: string, signal: AbortSignal): Promise<void> {
    const model = [...this.#models, WRONG].find((one) => one.id === id) ?? NANO;
    const before = this.#model;
    try {
      for (let n_done = 0; n_done <= 10; n_done++) {
        this.emit({
          kind: 'model',
          state: { kind: 'loading', model, n_done, n_total: 10, remaining_secs: 10 - n_done },
        });
        await this.#wait(this.script.encode_ms, signal);
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
  ready(): void {
    this.calls.push('ready');
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
