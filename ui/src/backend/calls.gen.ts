// Written by scripts/bindings.sh from src/desktop/seam/list.rs. Do not edit: a test compares.
import type {
  AnswerEvent,
  AppEvent,
  AskRequest,
  Chat,
  ChatSummary,
  Download,
  FilmstripRequest,
  FrameRequest,
  Menu,
  Model,
  ModelState,
  OfferedModel,
  PickFrom,
  Picture,
  PlanRequest,
  PlanView,
  PrepareEvent,
  RecentVideo,
  SavedFile,
  Settings,
  SettingsChanges,
  Turn,
  VideoInfo,
  VideoView,
} from './types';
import { Wire } from './wire';

export abstract class Calls extends Wire {
  /**
   * Events from now on, until the returned function is called.
   */
  listen(on: (event: AppEvent) => void): () => void {
    return this.feed('listen', {}, on);
  }

  /**
   * The system's dialog for one or more videos. Empty when it was put away. Rejects only if no file could be
   * opened.
   */
  openWithDialog(): Promise<Array<VideoInfo>> {
    return this.value<Array<VideoInfo>>('open_with_dialog', {});
  }

  /**
   * The bundled clip.
   */
  openSample(): Promise<VideoInfo> {
    return this.value<VideoInfo>('open_sample', {});
  }

  /**
   * A video that was opened before. `video-missing` where the file is gone.
   */
  openRecent(video: string): Promise<VideoInfo> {
    return this.value<VideoInfo>('open_recent', { video });
  }

  /**
   * Latest first, with their chats.
   */
  recentVideos(): Promise<Array<RecentVideo>> {
    return this.value<Array<RecentVideo>>('recent_videos', {});
  }

  /**
   * A kept picture; works where the file is gone, rejects with `video-missing` where none was kept.
   */
  poster(video: string, signal: AbortSignal): Promise<Picture> {
    return this.picture('poster', { video }, signal);
  }

  /**
   * Removes its chats, pictures, features and prefix, and the entry itself. Running work on it is cancelled.
   */
  forgetVideo(video: string): Promise<void> {
    return this.value<void>('forget_video', { video });
  }

  /**
   * The time stamp of every displayable frame, rising. Resolves when the whole stream was read; the viewer
   * works before, by time.
   */
  frameTimes(video: string, signal: AbortSignal): Promise<Float64Array> {
    return this.times('frame_times', { video }, signal);
  }

  /**
   * One picture. The request that is newest for its `purpose` is served first; older ones of the same purpose
   * may be dropped once aborted. `scrub` answers at once with the nearest cached or key frame (`is_exact`
   * tells, `pts_secs` is the picture's own), a coarse one where it has to be made, and without an `index`
   * while the frames are being counted; two of them may be under way; every other purpose answers with
   * exactly the frame asked for. During `play` some eight requests are under way at a time, in order. Beyond
   * the end: the last frame.
   */
  frame(request: FrameRequest, signal: AbortSignal): Promise<Picture> {
    return this.picture('frame', { request }, signal);
  }

  /**
   * Calls `on` for each slot, in any order, resolves after the last. Small and quick matters more than exact;
   * a slot whose picture is from elsewhere may get its own afterwards, by another call.
   */
  filmstrip(request: FilmstripRequest, on: (slot: number, picture: Picture) => void, signal: AbortSignal): Promise<void> {
    return this.pictures('filmstrip', { request }, on, signal);
  }

  /**
   * While true, encoding pauses so that the pointer has the machine.
   */
  setScrubbing(is_scrubbing: boolean): void {
    void this.told('set_scrubbing', { is_scrubbing });
  }

  /**
   * Keeps how a video is left: `view` the next time it is opened.
   */
  keepView(video: string, view: VideoView): Promise<void> {
    return this.value<void>('keep_view', { video, view });
  }

  /**
   * The full-size picture onto the clipboard.
   */
  copyFrame(video: string, index: number): Promise<void> {
    return this.value<void>('copy_frame', { video, index });
  }

  /**
   * Asks where, and writes the full-size picture as PNG, named
   * `<video>-frame-<index, 7 digits>-<seconds>s.png`. `null` when put away.
   */
  saveFrame(video: string, index: number): Promise<SavedFile | null> {
    return this.value<SavedFile | null>('save_frame', { video, index });
  }

  /**
   * Pure and quick (no decoding): the plan for the loaded model, or for the embedded model while none is
   * loaded. `chat` lets `context` count earlier turns. Pins beyond what fits, a short clip and the like are
   * `notices`; what cannot be run is `cost.refusal`, not a rejection. A `PlanView` and its pictures stay
   * available for the eight latest plans. `places[i]` says where `tokens[i]` lies in `images`; the page marks
   * patches by it, and lists tokens by `tokens`.
   */
  plan(request: PlanRequest, chat: string | null, signal: AbortSignal): Promise<PlanView> {
    return this.value<PlanView>('plan', { request, chat }, signal);
  }

  /**
   * The very pixels that enter the tower: `side_px` square, lossless. Decodes what it needs.
   */
  planPicture(plan: string, image: number, signal: AbortSignal): Promise<Picture> {
    return this.picture('plan_picture', { plan, image }, signal);
  }

  /**
   * Encodes the plan's pictures and reads the visual prefix, so that the next question costs only its words.
   * Resolves when done. A second call takes the place of the first and keeps what both share.
   */
  prepare(request: PlanRequest, on: (event: PrepareEvent) => void, signal: AbortSignal): Promise<void> {
    return this.events<void, PrepareEvent>('prepare', { request }, on, signal);
  }

  /**
   * Those that have a question in them, the latest first.
   */
  chats(video: string): Promise<Array<ChatSummary>> {
    return this.value<Array<ChatSummary>>('chats', { video });
  }

  /**
   * A chat with all its turns.
   */
  chat(chat: string): Promise<Chat> {
    return this.value<Chat>('chat', { chat });
  }

  /**
   * An empty chat, which is not kept before something was asked.
   */
  newChat(video: string): Promise<Chat> {
    return this.value<Chat>('new_chat', { video });
  }

  /**
   * Those of them in which these words stand, one after the other.
   */
  findChats(video: string, words: string): Promise<Array<ChatSummary>> {
    return this.value<Array<ChatSummary>>('find_chats', { video, words });
  }

  /**
   * Calls a chat so from now on; by its first question where the title is blank.
   */
  renameChat(chat: string, title: string): Promise<void> {
    return this.value<void>('rename_chat', { chat, title });
  }

  /**
   * Removes a chat. For a minute `restoreChat` takes it back; then it is gone for good.
   */
  deleteChat(chat: string): Promise<void> {
    return this.value<void>('delete_chat', { chat });
  }

  /**
   * Takes a removal back. Rejects where it is too late.
   */
  restoreChat(chat: string): Promise<void> {
    return this.value<void>('restore_chat', { chat });
  }

  /**
   * Shows a chat with this turn, one of its `alternatives`, and with what was asked after it last.
   */
  showTurn(turn: string): Promise<Chat> {
    return this.value<Chat>('show_turn', { turn });
  }

  /**
   * Tokens of a question's words for the model that plans are made for: more than a plan's `cost.n_free` do not
   * fit.
   */
  countTokens(words: string): Promise<number> {
    return this.value<number>('count_tokens', { words });
  }

  /**
   * Never refused because something else is running: it waits with stage `waiting`. `began` first; then
   * stages and `encoded`; then `text`. Resolves with the whole turn, which is kept by then, also when it was
   * stopped or failed. With `replaces` it stands in the place of that turn, which can be shown again by
   * `showTurn` with all after it, and is gone where no word was said to any of that. `remaining_secs` is of everything until the first word, and null before a step
   * of this model was measured. The video need not be the one on screen.
   */
  ask(request: AskRequest, on: (event: AnswerEvent) => void, signal: AbortSignal): Promise<Turn> {
    return this.events<Turn, AnswerEvent>('ask', { request }, on, signal);
  }

  /**
   * The plan of an answer as it was, its pictures by `planPicture`. Rejects with `video-missing` where the
   * file is gone.
   */
  answerPlan(turn: string, signal: AbortSignal): Promise<PlanView> {
    return this.value<PlanView>('answer_plan', { turn }, signal);
  }

  /**
   * The state of the model, which the `model` event follows.
   */
  modelState(): Promise<ModelState> {
    return this.value<ModelState>('model_state', {});
  }

  /**
   * The embedded model and the pairs the user has loaded before or that lie in known folders.
   */
  models(): Promise<Array<Model>> {
    return this.value<Array<Model>>('models', {});
  }

  /**
   * Asks for both files (or a folder) and describes the pair from its headers alone: a wrong one comes back
   * with `refusal`, so that the page can say which file is wrong and why. `null` when put away.
   */
  pickModel(from: PickFrom): Promise<Model | null> {
    return this.value<Model | null>('pick_model', { from });
  }

  /**
   * Takes a model off the list where it `is_listed`. Its files stay.
   */
  forgetModel(model: string): Promise<void> {
    return this.value<void>('forget_model', { model });
  }

  /**
   * Resolves when the model is ready; its progress is the `model` event. Aborting it keeps the model that was
   * there.
   */
  loadModel(model: string, signal: AbortSignal): Promise<void> {
    return this.value<void>('load_model', { model }, signal);
  }

  /**
   * The models that can be fetched, the one that suits this machine best first, with where each is. Nothing
   * is asked of a network.
   */
  catalogue(): Promise<Array<OfferedModel>> {
    return this.value<Array<OfferedModel>>('catalogue', {});
  }

  /**
   * Fetches a variant of the catalogue, or goes on with it: its progress is the `download` event, and
   * the page has shown its licence. Once it is here it is loaded, unless another model is being loaded.
   */
  startDownload(variant: string): Promise<void> {
    return this.value<void>('start_download', { variant });
  }

  /**
   * Stops a download; what is here stays. Resolves when it has stopped.
   */
  pauseDownload(variant: string): Promise<void> {
    return this.value<void>('pause_download', { variant });
  }

  /**
   * Stops a download and removes what is here of it.
   */
  discardDownload(variant: string): Promise<void> {
    return this.value<void>('discard_download', { variant });
  }

  /**
   * Those under way, paused and failed, and those that came in this run.
   */
  downloads(): Promise<Array<Download>> {
    return this.value<Array<Download>>('downloads', {});
  }

  /**
   * Removes the files of a model that was fetched, once the user has agreed to it; the embedded one takes
   * its place where it was loaded. Answers with the bytes that are free now.
   */
  removeModel(model: string): Promise<number> {
    return this.value<number>('remove_model', { model });
  }

  /**
   * All settings.
   */
  settings(): Promise<Settings> {
    return this.value<Settings>('settings', {});
  }

  /**
   * Changes those that are named; answers with all of them.
   */
  changeSettings(changes: SettingsChanges): Promise<Settings> {
    return this.value<Settings>('change_settings', { changes });
  }

  /**
   * Draws the system's menu. Where there is none, the page's own menu button has the same items.
   */
  setMenu(menus: Array<Menu>): void {
    void this.told('set_menu', { menus });
  }

  /**
   * The window's title.
   */
  setTitle(title: string): void {
    void this.told('set_title', { title });
  }

  /**
   * Whether the window fills the screen.
   */
  setFullScreen(is_full: boolean): Promise<void> {
    return this.value<void>('set_full_screen', { is_full });
  }

  /**
   * The names of what the program was started with, which `ready` will open: each ends as `opened`,
   * `open-failed` or `model-given`. None from the second time that the page is loaded.
   */
  given(): Promise<Array<string>> {
    return this.value<Array<string>>('given', {});
  }

  /**
   * The first picture of the page is painted: show the window, and open what was given.
   */
  ready(): void {
    void this.told('ready', {});
  }

  /**
   * The text of `doctor`, without file names unless asked.
   */
  diagnosis(with_file_names: boolean): Promise<string> {
    return this.value<string>('diagnosis', { with_file_names });
  }

  /**
   * Opens the folder of log files.
   */
  showLogs(): Promise<void> {
    return this.value<void>('show_logs', {});
  }

  /**
   * Onto the clipboard.
   */
  copyText(text: string): Promise<void> {
    return this.value<void>('copy_text', { text });
  }
}
