import { Channel } from '@tauri-apps/api/core';
import type { Backend } from './backend';
import { call, streamed, tell, unpacked } from './calls';
import type { AnswerEvent, AppEvent, Picture, PrepareEvent, Turn } from './types';

const isNull = (message: unknown) => message === null;
const isEmpty = (message: unknown) => message instanceof ArrayBuffer && message.byteLength === 0;

/** The program behind Tauri's calls. Each command is named as in `src-tauri/src/commands/`. */
export class TauriBackend implements Backend {
  #listeners = new Set<(event: AppEvent) => void>();
  #is_listening = false;

  listen(on: (event: AppEvent) => void): () => void {
    this.#listeners.add(on);
    if (!this.#is_listening) {
      this.#is_listening = true;
      const each = new Channel<AppEvent>((event) => this.#listeners.forEach((listener) => listener(event)));
      void tell('listen', { each });
    }
    return () => this.#listeners.delete(on);
  }

  openWithDialog: Backend['openWithDialog'] = () => call('open_with_dialog');
  openSample: Backend['openSample'] = () => call('open_sample');
  openRecent: Backend['openRecent'] = (video) => call('open_recent', { video });
  recentVideos: Backend['recentVideos'] = () => call('recent_videos');
  poster: Backend['poster'] = async (video, _height_px, signal) =>
    unpacked(await call('poster', { video }, signal));
  forgetVideo: Backend['forgetVideo'] = (video) => call('forget_video', { video });
  frameTimes: Backend['frameTimes'] = async (video, signal) =>
    // The program's order of bytes is little endian, which is that of every machine that has a window.
    new Float64Array(await call<ArrayBuffer>('frame_times', { video }, signal));
  frame: Backend['frame'] = async (request, signal) => unpacked(await call('frame', { request }, signal));
  filmstrip: Backend['filmstrip'] = (request, on, signal) => {
    const each = (message: ArrayBuffer) => {
      on(new DataView(message).getUint32(0, true), unpacked(message, 4));
    };
    return streamed('filmstrip', { request }, each, isEmpty, signal);
  };
  setScrubbing: Backend['setScrubbing'] = (is_scrubbing) =>
    void tell('set_scrubbing', { isScrubbing: is_scrubbing });
  saveFrame: Backend['saveFrame'] = (video, index) => call('save_frame', { video, index });

  plan: Backend['plan'] = (request, chat, signal) => call('plan', { request, chat }, signal);
  planPicture: Backend['planPicture'] = async (plan, image, signal): Promise<Picture> =>
    unpacked(await call('plan_picture', { plan, image }, signal));
  prepare: Backend['prepare'] = (request, on, signal) =>
    streamed<void, PrepareEvent>('prepare', { request }, on, isNull, signal);

  chats: Backend['chats'] = (video) => call('chats', { video });
  chat: Backend['chat'] = (chat) => call('chat', { chat });
  newChat: Backend['newChat'] = (video) => call('new_chat', { video });
  deleteChat: Backend['deleteChat'] = (chat) => call('delete_chat', { chat });
  ask: Backend['ask'] = (request, on, signal) =>
    streamed<Turn, AnswerEvent>('ask', { request }, on, isNull, signal);
  answerPlan: Backend['answerPlan'] = (turn, signal) => call('answer_plan', { turn }, signal);

  modelState: Backend['modelState'] = () => call('model_state');
  models: Backend['models'] = () => call('models');
  pickModel: Backend['pickModel'] = (from) => call('pick_model', { from });
  loadModel: Backend['loadModel'] = (model, signal) => call('load_model', { model }, signal);

  settings: Backend['settings'] = () => call('settings');
  changeSettings: Backend['changeSettings'] = (changes) => call('change_settings', { changes });
  setMenu: Backend['setMenu'] = (menus) => void tell('set_menu', { menus });
  setTitle: Backend['setTitle'] = (title) => void tell('set_title', { title });
  setFullScreen: Backend['setFullScreen'] = (is_full) => call('set_full_screen', { isFull: is_full });
  ready: Backend['ready'] = () => void tell('ready');

  diagnosis: Backend['diagnosis'] = (with_file_names) =>
    call('diagnosis', { withFileNames: with_file_names });
  showLogs: Backend['showLogs'] = () => call('show_logs');
  copyText: Backend['copyText'] = (text) => call('copy_text', { text });
}
