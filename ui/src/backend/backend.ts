import type {
  AnswerEvent,
  AppEvent,
  AskRequest,
  Chat,
  ChatId,
  ChatSummary,
  FilmstripRequest,
  FrameRequest,
  Menu,
  Model,
  ModelId,
  ModelState,
  Picture,
  PlanId,
  PlanRequest,
  PlanView,
  PrepareEvent,
  RecentVideo,
  SavedFile,
  Settings,
  Turn,
  TurnId,
  VideoId,
  VideoInfo,
} from './types';

/**
 * The program as the page sees it. Every implementation keeps the promises of SEAM.md; in short:
 * a call rejects with an `ApiError` and nothing else; events of a call come in order and none after it has settled;
 * an aborted signal ends the work, and the call then rejects with `cancelled` (`ask` resolves with what was said).
 */
export interface Backend {
  /** Events from now on, until the returned function is called. */
  listen(on: (event: AppEvent) => void): () => void;

  // Videos
  openWithDialog(): Promise<VideoInfo[]>;
  openSample(): Promise<VideoInfo>;
  openRecent(video: VideoId): Promise<VideoInfo>;
  recentVideos(): Promise<RecentVideo[]>;
  poster(video: VideoId, height_px: number, signal: AbortSignal): Promise<Picture>;
  forgetVideo(video: VideoId): Promise<void>;
  frameTimes(video: VideoId, signal: AbortSignal): Promise<Float64Array>;
  frame(request: FrameRequest, signal: AbortSignal): Promise<Picture>;
  filmstrip(
    request: FilmstripRequest,
    on: (slot: number, picture: Picture) => void,
    signal: AbortSignal,
  ): Promise<void>;
  setScrubbing(is_scrubbing: boolean): void;
  saveFrame(video: VideoId, index: number): Promise<SavedFile | null>;

  // What the model sees
  plan(request: PlanRequest, chat: ChatId | null, signal: AbortSignal): Promise<PlanView>;
  planPicture(plan: PlanId, image: number, signal: AbortSignal): Promise<Picture>;
  prepare(request: PlanRequest, on: (event: PrepareEvent) => void, signal: AbortSignal): Promise<void>;

  // Chats
  chats(video: VideoId): Promise<ChatSummary[]>;
  chat(chat: ChatId): Promise<Chat>;
  newChat(video: VideoId): Promise<Chat>;
  deleteChat(chat: ChatId): Promise<void>;
  ask(request: AskRequest, on: (event: AnswerEvent) => void, signal: AbortSignal): Promise<Turn>;
  answerPlan(turn: TurnId, signal: AbortSignal): Promise<PlanView>;

  // Models
  modelState(): Promise<ModelState>;
  models(): Promise<Model[]>;
  pickModel(from: 'files' | 'folder'): Promise<Model | null>;
  loadModel(model: ModelId, signal: AbortSignal): Promise<void>;

  // The window
  settings(): Promise<Settings>;
  changeSettings(changes: Partial<Settings>): Promise<Settings>;
  setMenu(menus: Menu[]): void;
  setTitle(title: string): void;
  setFullScreen(is_full: boolean): Promise<void>;
  ready(): void;

  // Help
  diagnosis(with_file_names: boolean): Promise<string>;
  showLogs(): Promise<void>;
  copyText(text: string): Promise<void>;
}
