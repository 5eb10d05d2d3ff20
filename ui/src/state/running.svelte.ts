import type {
  ApiError,
  AskRequest,
  Backend,
  ChatId,
  PlanRequest,
  StageEvent,
  Turn,
  TurnId,
  VideoId,
} from '../backend';
import { asApiError } from './errors';

/** A question whose answer is on its way. */
export interface LiveTurn {
  /** For lists; the turn's own id is known once it has begun. */
  key: number;
  video: VideoId;
  /** The video's name. */
  name: string;
  chat: ChatId;
  turn: TurnId | null;
  question: string;
  options: string[];
  /** What the model is to be shown. */
  plan: PlanRequest;
  /** The other questions that were asked in its place. */
  instead_of: TurnId[];
  stage: StageEvent | null;
  text: string;
  restarting: ApiError | null;
  stop: AbortController;
}

export interface Hooks {
  /** It is kept by the program from now on. */
  began(live: LiveTurn): void;
  /** Frames that a question made the model look at. */
  encoded(live: LiveTurn, frames: number[]): void;
  remembersFrom(live: LiveTurn, turn: TurnId): void;
  ended(live: LiveTurn, turn: Turn): void;
}

/** A place where an answer is to be read. */
interface Place {
  video: VideoId;
  chat: ChatId;
}

/**
 * The questions that are being answered, of all conversations and videos: they go on whatever is on screen. A
 * conversation shows those that are its own.
 */
export class Running {
  live = $state<LiveTurn[]>([]);
  /** Answers that came while nobody looked, and were not looked at since. */
  unseen = $state.raw<readonly Place[]>([]);
  /** Questions that could not even begin: the program knows nothing of them, so the words are kept here. */
  unsent = $state.raw<readonly { chat: ChatId; turn: Turn }[]>([]);
  /** Questions that were changed before a word was said to them: nobody wants to see them as they were. */
  withdrawn = $state.raw<ReadonlySet<TurnId>>(new Set());

  #backend: Backend;
  #hooks: Hooks;
  #next_key = 0;
  /** For each that has not begun yet, until it has or has failed. */
  #beginnings = new Map<number, Promise<void>>();

  constructor(backend: Backend, hooks: Hooks) {
    this.#backend = backend;
    this.#hooks = hooks;
  }

  of(chat: ChatId): LiveTurn[] {
    return this.live.filter((one) => one.chat === chat);
  }

  isVideoBusy(video: VideoId): boolean {
    return this.live.some((one) => one.video === video);
  }

  isChatBusy(chat: ChatId): boolean {
    return this.live.some((one) => one.chat === chat);
  }

  /** Resolves when the program keeps every question that was asked in this chat so far. */
  async begun(chat: ChatId): Promise<void> {
    await Promise.all(this.of(chat).map((one) => this.#beginnings.get(one.key)));
  }

  ask(request: AskRequest, name: string, instead_of: TurnId[]): void {
    void this.#run(request, name, instead_of);
  }

  stop(key: number): void {
    this.live.find((one) => one.key === key)?.stop.abort();
  }

  /** Whatever is answered there is no longer wanted. */
  stopChat(chat: ChatId): void {
    for (const one of this.of(chat)) one.stop.abort();
    this.unseen = this.unseen.filter((place) => place.chat !== chat);
  }

  stopVideo(video: VideoId): void {
    for (const one of this.live) if (one.video === video) one.stop.abort();
    this.unseen = this.unseen.filter((place) => place.video !== video);
  }

  close(): void {
    for (const one of this.live) one.stop.abort();
  }

  missed({ video, chat }: LiveTurn): void {
    this.unseen = [...this.unseen.filter((place) => place.chat !== chat), { video, chat }];
  }

  seen(chat: ChatId): void {
    if (this.unseen.some((place) => place.chat === chat)) {
      this.unseen = this.unseen.filter((place) => place.chat !== chat);
    }
  }

  /** Whether the question is one that the program knows nothing of; it is then no longer kept. */
  takeUnsent(turn: TurnId): boolean {
    const is_unsent = this.unsent.some((one) => one.turn.id === turn);
    if (is_unsent) this.unsent = this.unsent.filter((one) => one.turn.id !== turn);
    return is_unsent;
  }

  /** Takes these questions back; answers with those of them that were still to be answered. */
  withdraw(turns: TurnId[]): LiveTurn[] {
    this.withdrawn = new Set([...this.withdrawn, ...turns]);
    const taken = this.live.filter((one) => this.#isWithdrawn(one));
    for (const one of taken) one.stop.abort();
    this.live = this.live.filter((one) => !this.#isWithdrawn(one));
    return taken;
  }

  #isWithdrawn({ turn }: LiveTurn): boolean {
    return turn !== null && this.withdrawn.has(turn);
  }

  async #run(request: AskRequest, name: string, instead_of: TurnId[]): Promise<void> {
    const key = this.#next_key++;
    // Each stands behind those that were asked before it.
    const before = this.begun(request.chat);
    let begin = () => {};
    this.#beginnings.set(key, new Promise((resolve) => (begin = resolve)));
    const stop = new AbortController();
    const { chat, question, options, plan } = request;
    const { video } = plan;
    this.live.push({
      ...{ key, video, name, chat, turn: null, question, options, plan, instead_of },
      ...{ stage: null, text: '', restarting: null, stop },
    });
    const live = this.live.find((one) => one.key === key);
    if (live === undefined) return;
    let turn: Turn;
    try {
      await before;
      turn = await this.#backend.ask(
        request,
        (event) => {
          if (event.kind === 'stage') live.stage = event;
          else if (event.kind === 'encoded') this.#hooks.encoded(live, event.frames);
          else if (event.kind === 'remembers-from') this.#hooks.remembersFrom(live, event.turn);
          else if (event.kind === 'restarting') live.restarting = event.error;
          else if (event.kind === 'text') live.text += event.text;
          else {
            live.turn = event.turn;
            this.#hooks.began(live);
            begin();
          }
        },
        stop.signal,
      );
    } catch (error) {
      turn = failedTurn(live, asApiError(error));
      if (live.turn === null) this.unsent = [...this.unsent, { chat, turn }];
    }
    begin();
    this.#beginnings.delete(key);
    if (this.#isWithdrawn(live)) return;
    this.live = this.live.filter((one) => one.key !== key);
    this.#hooks.ended(live, turn);
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
