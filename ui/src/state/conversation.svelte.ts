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
import { Draft, type Drafts } from './drafts.svelte';
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
  /** Whether something was asked in what is on screen: a conversation is kept from then on. */
  readonly #is_begun = $derived.by(() => this.turns.length > 0 || this.#ofChat.length > 0);
  /** What is being written here. */
  readonly draft: Draft = $derived.by(() => {
    if (this.chat === null) return this.#early;
    return this.#drafts.of(this.#info.id, this.#is_begun ? this.chat.id : null);
  });
  /** The question on screen that is being changed. */
  readonly editing = $derived.by(() => {
    const { editing } = this.draft;
    return this.turns.some((turn) => turn.id === editing) ? editing : null;
  });

  #backend: Backend;
  #info: VideoInfo;
  #running: Running;
  #drafts: Drafts;
  #hooks: Hooks;
  /** Written before it was known in which conversation. */
  #early = new Draft();
  /** Rises with every wish to see something else: what was read for an earlier one is no longer wanted. */
  #wish = 0;
  #n_reading = 0;
  #is_behind = false;

  constructor(backend: Backend, info: VideoInfo, running: Running, drafts: Drafts, hooks: Hooks) {
    this.#backend = backend;
    this.#info = info;
    this.#running = running;
    this.#drafts = drafts;
    this.#hooks = hooks;
  }

  /** This conversation, or the one that was left, or the latest one, or an empty one. */
  async open(wanted?: ChatId): Promise<void> {
    await this.#try(async () => {
      this.list = await this.#backend.chats(this.#info.id);
      const left = this.#drafts.left(this.#info.id);
      const known = this.list.find((one) => one.id === left) ?? (left === null ? undefined : this.list[0]);
      const id = wanted ?? known?.id;
      await this.#read(() => (id === undefined ? this.#backend.newChat(this.#info.id) : this.#chat(id)));
    });
  }

  async show(id: ChatId): Promise<void> {
    await this.#try(() => this.#read(() => this.#chat(id)));
  }

  /** Its chat, with this question and what was asked after it last. */
  async showTurn(chat: ChatId, turn: TurnId): Promise<void> {
    await this.#try(() =>
      this.#read(async () => {
        await this.#running.begun(chat);
        return this.#backend.showTurn(turn);
      }),
    );
  }

  async startNew(): Promise<void> {
    if (this.chat !== null && this.turns.length === 0 && this.live.length === 0) return;
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

  // ------------------------------------------------------------------------------------------------- asking

  /** Asks what is written, with the options that it lists unless `is_open`. */
  ask(words: string, plan: PlanRequest, options: { is_open: boolean; replaces: TurnId | null }): void {
    const written = words.trim();
    if (written === '') return;
    const choices = options.is_open ? null : findChoices(written);
    this.#ask(choices?.question ?? written, choices?.options ?? [], plan, options.replaces);
  }

  /** Asks what is written in the field. */
  askDraft(plan: PlanRequest): void {
    const { draft } = this;
    const { words, is_open } = draft;
    if (words.trim() === '' || this.chat === null) return;
    draft.words = '';
    draft.is_open = false;
    this.ask(words, plan, { is_open, replaces: null });
  }

  again(turn: Turn, plan: PlanRequest): void {
    this.#ask(turn.question, turn.options, plan, turn.id);
  }

  edit(turn: TurnId): void {
    this.draft.editing = turn;
  }

  /** What was changed of the question is forgotten. */
  endEdit(turn: TurnId): void {
    delete this.draft.edits[turn];
    if (this.draft.editing === turn) this.draft.editing = null;
  }

  #ask(question: string, options: string[], plan: PlanRequest, replaces: TurnId | null): void {
    const chat = this.chat;
    if (chat === null) return;
    // What is still being read comes too late, and the program may show the chat otherwise by now.
    this.#is_behind ||= this.#n_reading > 0;
    this.#wish += 1;
    if (replaces !== null) this.endEdit(replaces);
    const is_kept = replaces !== null && !this.#running.takeUnsent(replaces);
    const replaced = is_kept ? from(chat.turns, replaces) : [];
    const behind = this.#giveWay(replaced);
    // At once, also before the program has said that it has begun.
    if (replaced.length > 0) this.chat = { ...chat, turns: chat.turns.slice(0, -replaced.length) };
    const ask = (of: Pick<LiveTurn, 'question' | 'options' | 'plan'>, instead: TurnId | null) => {
      const { question, options, plan } = of;
      const instead_of = replaced[0] === undefined || instead === null ? [] : this.versions(replaced[0]);
      const request = { chat: chat.id, question, options, plan, replaces: instead };
      this.#running.ask(request, this.#info.name, instead_of);
    };
    ask({ question, options, plan }, is_kept ? replaces : null);
    behind.forEach((one) => ask(one, null));
  }

  /**
   * Of what is replaced and stands after it. Where nothing was said to any of it, it is taken back: what only waits for
   * its turn is no version to return to. Answers with what waited behind the first, to be asked again behind the new one.
   */
  #giveWay(replaced: Turn[]): LiveTurn[] {
    const [first] = replaced;
    if (first === undefined) return [];
    if (!replaced.every((turn) => this.isSilent(turn))) {
      const own = this.liveOf(first.id);
      if (own !== null) this.#running.stop(own.key);
      return [];
    }
    const taken = this.#running.withdraw(replaced.map((turn) => turn.id));
    return taken.filter((live) => live.turn !== first.id);
  }

  /** Whether no word was said to it so far. */
  isSilent(turn: Turn): boolean {
    const said = this.liveOf(turn.id) ?? turn.answer;
    return said === null || (said.text === '' && turn.answer?.choice == null);
  }

  /** What was asked in this place and can be shown, this one among it. */
  versions(turn: Turn): TurnId[] {
    return turn.alternatives.filter((one) => !this.#running.withdrawn.has(one));
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
    this.#keepEarly();
    this.#drafts.leave(this.#info.id, this.#is_begun ? chat.id : null);
    this.#running.seen(chat.id);
    this.#hooks.changed();
  }

  /** Words that were written before there was a conversation belong to the one that came. */
  #keepEarly(): void {
    const { words } = this.#early;
    this.#early.words = '';
    if (words !== '') this.draft.words = `${this.draft.words} ${words}`.trimStart();
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

/** This turn and all after it. */
function from(turns: Turn[], id: TurnId): Turn[] {
  const at = turns.findIndex((turn) => turn.id === id);
  return at < 0 ? [] : turns.slice(at);
}

function spoken(answer: Answer): string {
  if (answer.state === 'failed') return `${text.chat.failed}. ${answer.error?.message ?? ''}`;
  if (answer.state === 'stopped') return text.chat.ended_early;
  return text.chat.finished(answer.text);
}
