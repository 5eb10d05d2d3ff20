import type {
  Answer,
  ApiError,
  Backend,
  Chat,
  ChatId,
  ChatSummary,
  PlanRequest,
  Turn,
  TurnId,
  VideoInfo,
} from '../backend';
import { findChoices } from '../lib/choices';
import { text } from '../text';
import { asApiError } from './errors';
import type { LiveTurn, Running } from './running.svelte';

export interface Hooks {
  /** The conversation changed: what it takes of the context did, too. */
  changed(): void;
  say(words: string): void;
}

/** The conversations about one video, and the one that is on screen. Its running work is that of `running` in this chat. */
export class Conversation {
  list = $state.raw<ChatSummary[]>([]);
  chat = $state.raw<Chat | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Words in the field, kept while the user looks elsewhere. */
  draft = $state('');
  /** The turn that is being rewritten. */
  editing = $state<TurnId | null>(null);
  /** What is shown of the chat, those whose answer is on its way among them. */
  readonly turns: Turn[] = $derived.by(() => {
    const chat = this.chat;
    if (chat === null) return [];
    return [...chat.turns, ...this.#running.unsent.flatMap((one) => (one.chat === chat.id ? one.turn : []))];
  });
  /** Of these the questions that have not begun yet: they have no turn. */
  readonly beginning = $derived.by(() => this.#ofChat.filter((live) => live.turn === null));
  /** What is being answered on screen, in its order. */
  readonly live = $derived.by(() => {
    const shown = new Set(this.turns.map((turn) => turn.id));
    return this.#ofChat.filter((live) => live.turn === null || shown.has(live.turn));
  });
  readonly #ofChat = $derived.by(() => (this.chat === null ? [] : this.#running.of(this.chat.id)));

  #backend: Backend;
  #info: VideoInfo;
  #running: Running;
  #hooks: Hooks;
  /** Rises with every wish to see something else: what was read for an earlier one is no longer wanted. */
  #wish = 0;
  #n_reading = 0;
  #is_behind = false;

  constructor(backend: Backend, info: VideoInfo, running: Running, hooks: Hooks) {
    this.#backend = backend;
    this.#info = info;
    this.#running = running;
    this.#hooks = hooks;
  }

  /** This conversation, or the latest one, or an empty one. */
  async open(wanted?: ChatId): Promise<void> {
    await this.#try(async () => {
      this.list = await this.#backend.chats(this.#info.id);
      const id = wanted ?? this.list[0]?.id;
      await this.#read(() => (id === undefined ? this.#backend.newChat(this.#info.id) : this.#chat(id)));
    });
  }

  async show(id: ChatId): Promise<void> {
    this.editing = null;
    await this.#try(() => this.#read(() => this.#chat(id)));
  }

  /** Its chat, with this question and what was asked after it last. */
  async showTurn(chat: ChatId, turn: TurnId): Promise<void> {
    this.editing = null;
    await this.#try(() =>
      this.#read(async () => {
        await this.#running.begun(chat);
        return this.#backend.showTurn(turn);
      }),
    );
  }

  async startNew(): Promise<void> {
    if (this.chat !== null && this.turns.length === 0 && this.live.length === 0) return;
    this.editing = null;
    await this.#try(() => this.#read(() => this.#backend.newChat(this.#info.id)));
  }

  /** Whether it is gone. */
  async delete(id: ChatId): Promise<boolean> {
    this.#running.stopChat(id);
    await this.#try(async () => {
      await this.#backend.deleteChat(id);
      await this.#readList();
      if (this.chat?.id === id) {
        this.chat = null;
        await this.open();
      }
    });
    return this.error === null;
  }

  /** Takes back that it was deleted, and shows it. */
  async restore(id: ChatId): Promise<void> {
    await this.#try(async () => {
      await this.#backend.restoreChat(id);
      await this.#readList();
      await this.#read(() => this.#chat(id));
    });
  }

  async rename(id: ChatId, title: string): Promise<void> {
    await this.#backend.renameChat(id, title);
    await this.#readList();
  }

  /** Asks what is written, with the options that it lists unless `is_open`. */
  ask(words: string, plan: PlanRequest, options: { is_open: boolean; replaces: TurnId | null }): void {
    const written = words.trim();
    if (written === '') return;
    const choices = options.is_open ? null : findChoices(written);
    this.#ask(choices?.question ?? written, choices?.options ?? [], plan, options.replaces);
  }

  again(turn: Turn, plan: PlanRequest): void {
    this.#ask(turn.question, turn.options, plan, turn.id);
  }

  #ask(question: string, options: string[], plan: PlanRequest, replaces: TurnId | null): void {
    const chat = this.chat;
    if (chat === null) return;
    // What is still being read comes too late, and the program may show the chat otherwise by now.
    this.#is_behind ||= this.#n_reading > 0;
    this.#wish += 1;
    this.editing = null;
    const is_kept = replaces !== null && !this.#running.takeUnsent(replaces);
    // At once, also before the program has said that it has begun.
    if (is_kept) this.chat = { ...chat, turns: before(chat.turns, replaces) };
    this.#running.ask(
      { chat: chat.id, question, options, plan, replaces: is_kept ? replaces : null },
      this.#info.name,
      chat.turns.find((turn) => turn.id === replaces)?.alternatives ?? [],
    );
  }

  /** Stops the answer that is being written, or takes back the question that waits longest. */
  stop(key?: number): boolean {
    const live = key === undefined ? this.live[0] : this.live.find((one) => one.key === key);
    if (live !== undefined) this.#running.stop(live.key);
    return live !== undefined;
  }

  /** The answer that is on its way to this question. */
  liveOf(turn: TurnId): LiveTurn | null {
    return this.#ofChat.find((live) => live.turn === turn) ?? null;
  }

  // ---------------------------------------------------------------------------------- what running work tells

  began({ chat, turn, question, options, instead_of }: LiveTurn): void {
    if (turn === null) return;
    if (this.chat?.id === chat && this.chat.turns.every((one) => one.id !== turn)) {
      const asked_at_secs = Date.now() / 1000;
      const alternatives = [...instead_of, turn];
      const begun: Turn = { id: turn, question, options, asked_at_secs, answer: null, alternatives };
      this.chat = { ...this.chat, turns: [...this.chat.turns, begun] };
    }
    if (this.chat?.id === chat && this.#is_behind) void this.show(chat);
    void this.#try(() => this.#readList());
  }

  remembersFrom(chat: ChatId, turn: TurnId): void {
    if (this.chat?.id === chat) this.chat = { ...this.chat, remembers_from: turn };
  }

  ended({ chat }: LiveTurn, turn: Turn): void {
    if (this.chat?.id === chat) {
      this.chat = {
        ...this.chat,
        turns: this.chat.turns.map((one) => (one.id === turn.id ? turn : one)),
      };
      if (turn.answer !== null) this.#hooks.say(spoken(turn.answer));
      this.#hooks.changed();
    }
    void this.#try(() => this.#readList());
  }

  // ------------------------------------------------------------------------------------------------- reading

  /** A chat with every question that was asked in it: also those that the program is only being told. */
  async #chat(id: ChatId): Promise<Chat> {
    await this.#running.begun(id);
    return this.#backend.chat(id);
  }

  async #read(which: () => Promise<Chat>): Promise<void> {
    const wish = ++this.#wish;
    this.#n_reading += 1;
    const chat = await which().finally(() => (this.#n_reading -= 1));
    if (wish !== this.#wish) return;
    this.#is_behind = false;
    this.chat = chat;
    this.#running.seen(chat.id);
    this.#hooks.changed();
  }

  async #readList(): Promise<void> {
    this.list = await this.#backend.chats(this.#info.id);
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

function before(turns: Turn[], id: TurnId): Turn[] {
  const at = turns.findIndex((turn) => turn.id === id);
  return at < 0 ? turns : turns.slice(0, at);
}

function spoken(answer: Answer): string {
  if (answer.state === 'failed') return `${text.chat.failed}. ${answer.error?.message ?? ''}`;
  return text.chat.finished(answer.text);
}
