import type {
  Answer,
  ApiError,
  AskRequest,
  Backend,
  Chat,
  ChatSummary,
  PlanRequest,
  StageEvent,
  Turn,
  TurnId,
  VideoId,
} from '../backend';
import { findChoices } from '../lib/choices';
import { text } from '../text';
import { asApiError } from './errors';

/** A question whose answer is on its way. */
export interface LiveTurn {
  /** For lists; the turn's own id is known once it has begun. */
  key: number;
  turn: TurnId | null;
  question: string;
  options: string[];
  stage: StageEvent | null;
  text: string;
  restarting: ApiError | null;
  started_ms: number;
  stop: AbortController;
}

export interface Hooks {
  /** Frames that a question made the model look at. */
  encoded(frames: number[]): void;
  /** The conversation changed: what it takes of the context did, too. */
  changed(): void;
  say(words: string): void;
}

/** The conversations about one video, and the one that is open. */
export class Conversation {
  list = $state.raw<ChatSummary[]>([]);
  chat = $state.raw<Chat | null>(null);
  live = $state<LiveTurn[]>([]);
  error = $state.raw<ApiError | null>(null);
  /** Words in the field, kept while the user looks elsewhere. */
  draft = $state('');
  /** The turn that is being rewritten. */
  editing = $state<TurnId | null>(null);

  #backend: Backend;
  #video: VideoId;
  #hooks: Hooks;
  #next_key = 0;

  constructor(backend: Backend, video: VideoId, hooks: Hooks) {
    this.#backend = backend;
    this.#video = video;
    this.#hooks = hooks;
  }

  /** The latest conversation, or an empty one. */
  async open(): Promise<void> {
    await this.#try(async () => {
      this.list = await this.#backend.chats(this.#video);
      const latest = this.list[0];
      this.chat =
        latest === undefined ? await this.#backend.newChat(this.#video) : await this.#backend.chat(latest.id);
    });
  }

  close(): void {
    for (const live of this.live) live.stop.abort();
  }

  async show(id: string): Promise<void> {
    this.editing = null;
    await this.#try(async () => {
      this.chat = await this.#backend.chat(id);
      this.#hooks.changed();
    });
  }

  async startNew(): Promise<void> {
    if (this.chat !== null && this.chat.turns.length === 0 && this.live.length === 0) return;
    this.editing = null;
    await this.#try(async () => {
      this.chat = await this.#backend.newChat(this.#video);
      this.#hooks.changed();
    });
  }

  async delete(id: string): Promise<void> {
    await this.#try(async () => {
      await this.#backend.deleteChat(id);
      this.list = await this.#backend.chats(this.#video);
      if (this.chat?.id === id) {
        this.chat = null;
        await this.open();
      }
      this.#hooks.changed();
    });
  }

  /** Asks what is written, with the options that it lists unless `is_open`. */
  ask(words: string, plan: PlanRequest, options: { is_open: boolean; replaces: TurnId | null }): void {
    const chat = this.chat;
    const written = words.trim();
    if (chat === null || written === '') return;
    const choices = options.is_open ? null : findChoices(written);
    void this.#run({
      chat: chat.id,
      question: choices?.question ?? written,
      options: choices?.options ?? [],
      plan,
      replaces: options.replaces,
    });
  }

  again(turn: Turn, plan: PlanRequest): void {
    const chat = this.chat;
    if (chat === null) return;
    void this.#run({
      chat: chat.id,
      question: turn.question,
      options: turn.options,
      plan,
      replaces: turn.id,
    });
  }

  /** Stops the answer that is being written, or takes back the question that waits longest. */
  stop(key?: number): boolean {
    const live = key === undefined ? this.live[0] : this.live.find((one) => one.key === key);
    live?.stop.abort();
    return live !== undefined;
  }

  async #run(request: AskRequest): Promise<void> {
    const stop = new AbortController();
    const key = this.#next_key++;
    this.editing = null;
    if (request.replaces !== null) this.#cutBefore(request.replaces);
    this.live.push({
      key,
      turn: null,
      question: request.question,
      options: request.options,
      stage: null,
      text: '',
      restarting: null,
      started_ms: performance.now(),
      stop,
    });
    const live = this.live.find((one) => one.key === key);
    if (live === undefined) return;
    let turn: Turn;
    try {
      turn = await this.#backend.ask(
        request,
        (event) => {
          if (event.kind === 'stage') live.stage = event;
          else if (event.kind === 'encoded') this.#hooks.encoded(event.frames);
          else if (event.kind === 'began') live.turn = event.turn;
          else if (event.kind === 'remembers-from') this.#remembersFrom(event.turn);
          else if (event.kind === 'restarting') live.restarting = event.error;
          else live.text += event.text;
        },
        stop.signal,
      );
    } catch (error) {
      turn = failedTurn(live, asApiError(error));
    }
    this.live = this.live.filter((one) => one.key !== key);
    if (this.chat?.id === request.chat) this.chat = { ...this.chat, turns: [...this.chat.turns, turn] };
    if (turn.answer !== null) this.#hooks.say(spoken(turn.answer));
    this.#hooks.changed();
    await this.#try(async () => {
      this.list = await this.#backend.chats(this.#video);
    });
  }

  #cutBefore(turn: TurnId): void {
    const chat = this.chat;
    const at = chat?.turns.findIndex((one) => one.id === turn) ?? -1;
    if (chat !== null && at >= 0) this.chat = { ...chat, turns: chat.turns.slice(0, at) };
  }

  #remembersFrom(turn: TurnId): void {
    if (this.chat !== null) this.chat = { ...this.chat, remembers_from: turn };
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.error = null;
    } catch (error) {
      this.error = asApiError(error);
    }
  }
}

/** `ask` never rejects once it began; where it could not even begin, the words stay and say so. */
function failedTurn(live: LiveTurn, error: ApiError): Turn {
  const is_stopped = error.code === 'cancelled';
  const id = live.turn ?? `unsent-${live.key}`;
  return {
    id,
    alternatives: [id],
    question: live.question,
    options: live.options,
    asked_at_secs: Date.now() / 1000,
    answer: {
      state: is_stopped ? 'stopped' : 'failed',
      text: live.text,
      choice: null,
      probabilities: [],
      facts: null,
      error: is_stopped ? null : error,
    },
  };
}

function spoken(answer: Answer): string {
  if (answer.state === 'failed') return `${text.chat.failed}. ${answer.error?.message ?? ''}`;
  return text.chat.finished(answer.text);
}
