import type {
  AnswerEvent,
  ApiError,
  AppEvent,
  AskRequest,
  Backend,
  Chat,
  ChatSummary,
  FilmstripRequest,
  FrameRequest,
  Model,
  ModelState,
  Picture,
  PictureInfo,
  PlanRequest,
  PlanView,
  PrepareEvent,
  RecentVideo,
  SavedFile,
  Settings,
  Turn,
  VideoInfo,
} from '../../src/backend';

/** A message of an answer, as `examples/http_twin/wire.rs` writes it. */
const EVENT = 0;
const PICTURE = 1;
const DONE = 2;

interface Heard {
  event?: (event: never) => void;
  picture?: (slot: number, picture: Picture) => void;
  signal?: AbortSignal;
}

function failure(message: string, code: ApiError['code'] = 'unknown'): ApiError {
  return { code, message, hint: null };
}

/** The program's side of the seam over HTTP: every call goes to the real coordinator, decoder and model. */
export class Twin implements Backend {
  /** What the page did with the window, for tests. */
  readonly done: string[] = [];
  readonly copied: string[] = [];
  #next = 1;

  async #call<T>(name: string, args: object, heard: Heard = {}): Promise<T> {
    const { signal } = heard;
    if (signal?.aborted === true) throw failure('cancelled', 'cancelled');
    const call = this.#next++;
    const cancel = () => void this.#call('cancel', { call });
    signal?.addEventListener('abort', cancel);
    try {
      const response = await fetch(`/twin/${name}?call=${call}`, {
        method: 'POST',
        body: JSON.stringify(args),
      });
      for await (const { kind, bytes } of messages(response)) {
        const json = () => JSON.parse(new TextDecoder().decode(bytes)) as never;
        if (kind === EVENT) heard.event?.(json());
        else if (kind === PICTURE) pictureOf(bytes, heard.picture);
        else if (kind === DONE) return json();
        else throw json() as ApiError;
      }
      throw failure(`${name} ended without an answer`);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  async #picture(name: string, args: object, signal: AbortSignal): Promise<Picture> {
    let got: Picture | null = null;
    await this.#call(name, args, { signal, picture: (_slot, picture) => (got = picture) });
    if (got === null) throw failure(`${name} came without a picture`);
    return got;
  }

  listen(on: (event: AppEvent) => void): () => void {
    const ended = new AbortController();
    void this.#call('listen', {}, { event: on as never, signal: ended.signal });
    return () => ended.abort();
  }

  openWithDialog = () => this.#call<VideoInfo[]>('openWithDialog', {});
  openSample = () => this.#call<VideoInfo>('openSample', {});
  openRecent = (video: string) => this.#call<VideoInfo>('openRecent', { video });
  recentVideos = () => this.#call<RecentVideo[]>('recentVideos', {});
  poster = (video: string, _height: number, signal: AbortSignal) =>
    this.#picture('poster', { video }, signal);
  forgetVideo = (video: string) => this.#call<void>('forgetVideo', { video });
  async frameTimes(video: string, signal: AbortSignal) {
    return Float64Array.from(await this.#call<number[]>('frameTimes', { video }, { signal }));
  }
  frame = (request: FrameRequest, signal: AbortSignal) => this.#picture('frame', { request }, signal);
  filmstrip = (
    request: FilmstripRequest,
    picture: (slot: number, picture: Picture) => void,
    signal: AbortSignal,
  ) => this.#call<void>('filmstrip', { request }, { picture, signal });
  setScrubbing = (is_scrubbing: boolean) => void this.#call('setScrubbing', { is_scrubbing });
  saveFrame = (video: string, index: number) => this.#call<SavedFile>('saveFrame', { video, index });

  plan = (request: PlanRequest, chat: string | null, signal: AbortSignal) =>
    this.#call<PlanView>('plan', { request, chat }, { signal });
  planPicture = (plan: string, image: number, signal: AbortSignal) =>
    this.#picture('planPicture', { plan, image }, signal);
  prepare = (request: PlanRequest, on: (event: PrepareEvent) => void, signal: AbortSignal) =>
    this.#call<void>('prepare', { request }, { event: on as never, signal });

  chats = (video: string) => this.#call<ChatSummary[]>('chats', { video });
  chat = (chat: string) => this.#call<Chat>('chat', { chat });
  newChat = (video: string) => this.#call<Chat>('newChat', { video });
  deleteChat = (chat: string) => this.#call<void>('deleteChat', { chat });
  ask = (request: AskRequest, on: (event: AnswerEvent) => void, signal: AbortSignal) =>
    this.#call<Turn>('ask', { request }, { event: on as never, signal });
  answerPlan = (turn: string, signal: AbortSignal) =>
    this.#call<PlanView>('answerPlan', { turn }, { signal });

  modelState = () => this.#call<ModelState>('modelState', {});
  models = () => this.#call<Model[]>('models', {});
  pickModel = () => this.#call<Model>('pickModel', {});
  loadModel = (model: string, signal: AbortSignal) => this.#call<void>('loadModel', { model }, { signal });

  settings = () => this.#call<Settings>('settings', {});
  changeSettings = (changes: Partial<Settings>) => this.#call<Settings>('changeSettings', { changes });
  diagnosis = (with_file_names: boolean) => this.#call<string>('diagnosis', { with_file_names });

  // What a browser has no window for.
  setMenu = () => undefined;
  setTitle = (title: string) => void (document.title = title);
  setFullScreen = async () => undefined;
  /** The shell loads the model at its start; here the page's first picture is the start. */
  ready = () => {
    this.done.push('ready');
    void this.#call('start', {});
  };
  showLogs = async () => void this.done.push('showLogs');
  copyText = async (text: string) => void this.copied.push(text);
}

async function* messages(response: Response): AsyncGenerator<{ kind: number; bytes: Uint8Array }> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let held = new Uint8Array(0);
  for (;;) {
    while (held.length >= 5) {
      const end = 5 + new DataView(held.buffer, held.byteOffset).getUint32(0, true);
      if (held.length < end) break;
      yield { kind: held[4] ?? 0, bytes: held.slice(5, end) };
      held = held.slice(end);
    }
    const { done, value } = await reader.read();
    if (done) return;
    const joined = new Uint8Array(held.length + value.length);
    joined.set(held);
    joined.set(value, held.length);
    held = joined;
  }
}

function pictureOf(bytes: Uint8Array, on: Heard['picture']): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = 8 + view.getUint32(4, true);
  const info = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end))) as PictureInfo;
  on?.(view.getUint32(0, true), { ...info, bytes: bytes.slice(end).buffer as ArrayBuffer });
}
