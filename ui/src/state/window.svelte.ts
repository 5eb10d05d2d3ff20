import { tick } from 'svelte';
import { MediaQuery } from 'svelte/reactivity';
import type {
  ApiError,
  AppEvent,
  Backend,
  ChatId,
  Model,
  ModelId,
  ModelState,
  RecentVideo,
  Settings,
  TextSize,
  Theme,
  Turn,
  VideoId,
  VideoInfo,
} from '../backend';
import type { Command } from '../lib/keys';
import { text } from '../text';
import { Downloads } from './downloads.svelte';
import { Drafts } from './drafts.svelte';
import { asApiError, isCancelled } from './errors';
import { OpenVideo } from './open.svelte';
import { Running, type LiveTurn } from './running.svelte';

/** What can be done about it, as a button. */
export interface NoticeAction {
  label: string;
  run: () => void;
}

/** Something to read that is not tied to a place; the newest takes the place of the one before. */
export interface Notice {
  title: string;
  error: ApiError | null;
  /** Goes away by itself. */
  is_brief: boolean;
  action: NoticeAction | null;
}

export type SheetName = 'models' | 'help' | 'go-to';
/** What the sheet of models shows: those that are here, or those that can be fetched. */
export type ModelsPart = 'here' | 'get';

export type Side = 'chat' | 'sees';

export const DEFAULTS: Settings = {
  theme: 'system',
  text_size: 'normal',
  preset: 'auto',
  remembers_turns: true,
  prepares_on_open: true,
  knows_embedded: false,
  chat_width_px: 380,
  shows_sees: false,
};

const BRIEF_MS = 4000;
/** So long there is something to press. */
const ACTION_MS = 10_000;
/** Up to it the conversation comes and goes, as in the styles. */
const NARROW = 'max-width: 900px';

/** The window: what is open in it, and what it knows of the program. */
export class WindowState {
  readonly backend: Backend;
  readonly downloads: Downloads;
  readonly running: Running;
  readonly drafts = new Drafts();
  settings = $state.raw<Settings>(DEFAULTS);
  open = $state.raw<OpenVideo | null>(null);
  recents = $state.raw<RecentVideo[] | null>(null);
  model = $state.raw<ModelState>({ kind: 'none' });
  models = $state.raw<Model[]>([]);
  notice = $state.raw<Notice | null>(null);
  sheet = $state<SheetName | null>(null);
  models_part = $state<ModelsPart>('here');
  /** The offer of a model that knows more was put away, until the window is closed. */
  declined_offer = $state(false);
  /** Names of what the program was started with, until one of them is open or none can be. */
  opening = $state.raw<string[]>([]);
  /** Everything that the first picture needs is known. */
  is_started = $state(false);
  is_drag_over = $state(false);
  is_opening = $state(false);
  is_full_screen = $state(false);
  /** In a narrow window the conversation comes and goes. */
  shows_chat = $state(false);
  /** What stands beside the picture where the window is too narrow for the conversation and the panel at once. */
  side = $state<Side>('chat');
  /** What `system` comes to. */
  theme = $state<'light' | 'dark'>('dark');
  /** What a screen reader is told. */
  said = $state('');

  readonly #narrow = new MediaQuery(NARROW);
  /** Whether the conversation and what the model sees share the place beside the picture. */
  readonly shares_side = $derived(this.#narrow.current && this.shows_chat && this.settings.shows_sees);
  /** Whether the turns of the conversation are on screen. */
  readonly has_chat = $derived.by(() => {
    if (this.is_full_screen) return false;
    if (this.shares_side) return this.side === 'chat';
    return this.shows_chat || !this.#narrow.current;
  });

  #brief: ReturnType<typeof setTimeout> | undefined;
  #stop_listening: () => void;
  #loading = new AbortController();
  #n_opening = 0;
  /** Commands from the system's menus, carried out where the keys are. */
  oncommand: (command: Command) => void = () => {};

  constructor(backend: Backend) {
    this.backend = backend;
    this.downloads = new Downloads(backend, {
      started: () => (this.declined_offer = false),
      finished: ({ name }) => {
        void this.readModels();
        if (this.sheet === 'models') this.say(text.downloads.finished(name));
        else this.brief(text.downloads.finished(name));
      },
      failed: ({ name }, error) => this.say(`${text.downloads.failed_name(name)}. ${error.message}`),
      refused: (error) => this.tell(text.errors.unexpected, error),
    });
    this.running = new Running(backend, {
      began: (live) => this.#openFor(live)?.conversation.began(live),
      encoded: (live, frames) => this.#openFor(live)?.sees.markEncoded(frames),
      remembersFrom: (live, turn) => this.#openFor(live)?.conversation.remembersFrom(live.chat, turn),
      ended: (live, turn) => this.#answered(live, turn),
    });
    this.#stop_listening = backend.listen((event) => this.#hear(event));
  }

  /** `faces`: what words are drawn with, which would move them if it came later. */
  async start(faces: Promise<unknown>): Promise<void> {
    await this.attempt(async () => {
      const [settings, model, given] = await Promise.all([
        this.backend.settings(),
        this.backend.modelState(),
        this.backend.given(),
      ]);
      this.settings = settings;
      this.model = model;
      this.opening = given;
    });
    await Promise.all([this.downloads.read(), this.readRecents(), faces.catch(() => {})]);
    // Of a page before this one, too.
    this.backend.setTitle(text.name);
    // What is shown first is shown whole.
    this.is_started = true;
    await tick();
    this.backend.ready();
  }

  close(): void {
    this.#stop_listening();
    this.running.close();
    this.open?.close();
  }

  #hear(event: AppEvent): void {
    switch (event.kind) {
      case 'command':
        return this.oncommand(event.command as Command);
      case 'drag':
        this.is_drag_over = event.is_over;
        return;
      case 'opened': {
        this.is_drag_over = false;
        return this.#showFirst(event.videos);
      }
      case 'open-failed':
        this.is_drag_over = false;
        this.opening = this.opening.filter((name) => name !== event.name);
        return this.tell(text.errors.open_title(event.name), event.error);
      case 'model-given': {
        const { model } = event;
        this.opening = [];
        if (model.refusal === null) return void this.loadModel(model);
        return this.tell(text.errors.open_title(model.files.join(' + ')), model.refusal);
      }
      case 'model': {
        const was = this.model;
        this.model = event.state;
        // Another model means other pictures and tokens.
        if (event.state.kind !== was.kind || idOf(event.state) !== idOf(was)) {
          this.open?.sees.forgetPictures();
          this.open?.updatePlan();
        }
        return;
      }
      case 'download':
        return this.downloads.hear(event.download);
      case 'worker-ended':
        // Where an answer is on its way, it says so itself.
        if (event.role === 'model' && (this.open?.conversation.live.length ?? 0) > 0) return;
        return this.tell(text.errors.worker[event.role], event.error);
    }
  }

  // ------------------------------------------------------------------------------------------------- videos

  show(info: VideoInfo): void {
    if (this.open?.info.id === info.id) return;
    this.open?.close();
    this.notice = null;
    if (this.sheet === 'go-to') this.sheet = null;
    this.open = new OpenVideo(this.backend, info, this.settings, this.running, this.drafts, (words) =>
      this.say(words),
    );
    this.backend.setTitle(`${info.name} – ${text.name}`);
  }

  /** Of several, the first is shown and the others wait on the first page. */
  #showFirst(videos: VideoInfo[]): void {
    const first = videos[0];
    if (first === undefined) return;
    this.opening = [];
    this.show(first);
    if (videos.length > 1) this.brief(text.drop.others(videos.length - 1));
  }

  showStart(): void {
    this.opening = [];
    this.open?.close();
    this.open = null;
    if (this.sheet === 'go-to') this.sheet = null;
    this.backend.setTitle(text.name);
    void this.readRecents();
  }

  async openWithDialog(): Promise<void> {
    await this.#opening(() => this.backend.openWithDialog(), text.errors.open_some);
  }

  async openSample(): Promise<void> {
    await this.#opening(async () => [await this.backend.openSample()], text.errors.open_some);
  }

  async openRecent(video: VideoId, name: string): Promise<void> {
    await this.#opening(async () => [await this.backend.openRecent(video)], text.errors.open_title(name));
  }

  async #opening(which: () => Promise<VideoInfo[]>, title: string): Promise<void> {
    this.#n_opening += 1;
    this.is_opening = true;
    await this.attempt(async () => {
      this.#showFirst(await which());
    }, title);
    this.#n_opening -= 1;
    this.is_opening = this.#n_opening > 0;
  }

  /** What takes back every choice about the open video that is made from now on. */
  remember(): () => void {
    const { open } = this;
    const { shows_sees } = this.settings;
    const takeBack = open?.remember();
    return () => {
      if (this.open !== open) return;
      takeBack?.();
      if (this.settings.shows_sees !== shows_sees) void this.change({ shows_sees });
    };
  }

  async readRecents(): Promise<void> {
    await this.attempt(async () => {
      this.recents = await this.backend.recentVideos();
    });
  }

  async forget(video: VideoId): Promise<void> {
    this.running.stopVideo(video);
    this.drafts.forget(video);
    await this.attempt(() => this.backend.forgetVideo(video));
    if (this.open?.info.id === video) this.showStart();
    else await this.readRecents();
  }

  // ------------------------------------------------------------------------------------------------ answers

  #openFor({ video }: LiveTurn): OpenVideo | null {
    return this.open?.info.id === video ? this.open : null;
  }

  #answered(live: LiveTurn, turn: Turn): void {
    const conversation = this.#openFor(live)?.conversation;
    conversation?.ended(live, turn);
    if (this.open === null) void this.readRecents();
    if (turn.answer === null || turn.answer.state === 'stopped') return;
    const is_shown = conversation?.turns.some((one) => one.id === turn.id) === true;
    if (!is_shown) this.running.missed(live);
    if (is_shown && this.has_chat) return;
    const words = turn.answer.state === 'done' ? text.work.ready : text.work.failed;
    this.brief(words(live.name), { label: text.work.show, run: () => void this.showAnswer(live) });
  }

  /** For a while that can be taken back, also from another video. */
  async deleteChat(chat: ChatId, title: string): Promise<void> {
    const { open } = this;
    if (open === null || !(await open.conversation.delete(chat))) return;
    const undo = async () => {
      if (this.open === open) return open.conversation.restore(chat);
      await this.attempt(() => this.backend.restoreChat(chat));
      if (this.open === null) await this.readRecents();
    };
    this.brief(text.chat.deleted(title), { label: text.chat.undo, run: () => void undo() });
  }

  /** Brings a question on screen, wherever it was asked. */
  async showAnswer({ video, name, chat, turn }: LiveTurn): Promise<void> {
    this.showChat();
    if (this.is_full_screen) {
      await this.attempt(() => this.backend.setFullScreen(false));
      this.is_full_screen = false;
    }
    if (this.open?.info.id !== video) await this.openRecent(video, name);
    const { open } = this;
    if (open?.info.id !== video) return;
    await (turn === null ? open.conversation.show(chat) : open.conversation.showTurn(chat, turn));
  }

  /** Brings the turns of the conversation on screen, where the window is too narrow to have them there always. */
  showChat(): void {
    this.shows_chat = true;
    this.side = 'chat';
  }

  /** Opens the panel, or closes it; where it shares its place it also comes in front of what it shares it with. */
  toggleSees(): void {
    const is_behind = this.shares_side && this.side === 'chat';
    this.side = 'sees';
    if (!is_behind) void this.change({ shows_sees: !this.settings.shows_sees });
  }

  showSees(): void {
    this.side = 'sees';
    if (!this.settings.shows_sees) void this.change({ shows_sees: true });
  }

  /** In a narrow window the same with the conversation. */
  toggleChat(): void {
    const is_behind = this.shares_side && this.side === 'sees';
    this.side = 'chat';
    if (!is_behind) this.shows_chat = !this.shows_chat;
  }

  // ------------------------------------------------------------------------------------- models and settings

  showModels(part: ModelsPart): void {
    this.models_part = part;
    this.sheet = 'models';
  }

  async readModels(): Promise<void> {
    await this.attempt(async () => {
      this.models = await this.backend.models();
    });
  }

  /** The one that was picked; it is listed, and not loaded. */
  async pickModel(from: 'files' | 'folder'): Promise<Model | null> {
    let picked: Model | null = null;
    await this.attempt(async () => {
      const found = await this.backend.pickModel(from);
      // What is no model is no entry: whoever picked it is told why.
      if (found?.refusal === null) {
        this.models = [found, ...this.models.filter((model) => model.id !== found.id)];
      }
      picked = found;
    });
    return picked;
  }

  async loadModel(model: Model): Promise<void> {
    try {
      await this.#load(model.id);
    } catch (error) {
      if (!isCancelled(error)) this.model = { kind: 'failed', model, error: asApiError(error) };
    }
  }

  /** The same where no more is known of it than its id. */
  async loadModelById(id: string): Promise<void> {
    const known = this.models.find((model) => model.id === id);
    if (known !== undefined) return this.loadModel(known);
    await this.attempt(() => this.#load(id));
  }

  async #load(id: string): Promise<void> {
    this.#loading.abort();
    this.#loading = new AbortController();
    try {
      await this.backend.loadModel(id, this.#loading.signal);
    } finally {
      // What came of it, should its last event not have reached the page.
      this.#hear({ kind: 'model', state: await this.backend.modelState() });
    }
  }

  /** Its files stay where they are. */
  async takeOffList(id: ModelId, name: string): Promise<void> {
    await this.attempt(async () => {
      await this.backend.forgetModel(id);
      this.say(text.models.apart.taken_off(name));
    });
    await this.readModels();
  }

  /** Removes its files; the user has agreed to it. */
  async removeModel(id: string, name: string): Promise<void> {
    await this.attempt(async () => {
      const n_bytes = await this.backend.removeModel(id);
      this.say(text.models.removed(name, n_bytes));
    }, text.models.not_removed(name));
    await Promise.all([this.readModels(), this.downloads.read()]);
  }

  cancelLoading(): void {
    this.#loading.abort();
  }

  async change(changes: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...changes };
    await this.attempt(async () => {
      this.settings = await this.backend.changeSettings(changes);
    });
  }

  nextTheme(): void {
    const order: Theme[] = ['system', 'light', 'dark'];
    const theme = order[(order.indexOf(this.settings.theme) + 1) % order.length] ?? 'system';
    void this.change({ theme });
    this.brief(text.theme_now(theme));
  }

  changeTextSize(by: 1 | -1): void {
    const order: TextSize[] = ['small', 'normal', 'large', 'larger'];
    const at = Math.max(0, order.indexOf(this.settings.text_size) + by);
    const text_size = order[Math.min(order.length - 1, at)] ?? 'normal';
    if (text_size !== this.settings.text_size) void this.change({ text_size });
    this.brief(text.text_size_now(text_size));
  }

  // --------------------------------------------------------------------------------------------- being told

  tell(title: string, error: ApiError | null): void {
    clearTimeout(this.#brief);
    this.notice = { title, error, is_brief: false, action: null };
    this.say(error === null ? title : `${title}. ${error.message}`);
  }

  brief(title: string, action: NoticeAction | null = null): void {
    clearTimeout(this.#brief);
    this.notice = { title, error: null, is_brief: true, action };
    this.say(title);
    this.#brief = setTimeout(() => (this.notice = null), action === null ? BRIEF_MS : ACTION_MS);
  }

  say(words: string): void {
    // The same words twice are only heard twice if they differ.
    this.said = this.said === words ? `${words}\u00a0` : words;
  }

  /** Runs a call of the seam; its refusal is shown, cancelling is not one. */
  async attempt(work: () => Promise<void>, title: string = text.errors.unexpected): Promise<void> {
    try {
      await work();
    } catch (error) {
      const told = asApiError(error);
      if (told.code !== 'cancelled') this.tell(title, told);
    }
  }
}

function idOf(state: ModelState): ModelId | null {
  return state.kind === 'none' ? null : state.model.id;
}
