import type { ApiError, AskRequest, Chat, ChatSummary, Turn } from '../../src/backend';

/** So long a deleted chat can be had back. */
const DELETED_STAY_MS = 60_000;
const MAX_TITLE_CHARS = 60;

type KeptTurn = Omit<Turn, 'alternatives'> & { parent: string | null };

interface KeptChat {
  id: string;
  video: string;
  /** What the user calls it. */
  title: string | null;
  turns: KeptTurn[];
  /** The last turn that is shown; those before it are its parents. */
  latest: string | null;
  changed_at_secs: number;
  deleted_at_ms: number | null;
  remembers_from: string | null;
}

/** Conversations as the program keeps them: each a tree of turns with one way through it that is shown. */
export class Chats {
  #chats: KeptChat[] = [];
  #next = 1;

  /** Whatever is not deleted, as it is shown. */
  all(): Chat[] {
    return this.#chats.filter((chat) => chat.deleted_at_ms === null).map(shown);
  }

  list(video: string, words = ''): ChatSummary[] {
    const wanted = words.trim().toLowerCase();
    const has = (chat: KeptChat) =>
      [chat.title ?? '', ...chat.turns.flatMap((turn) => [turn.question, turn.answer?.text ?? ''])].some(
        (text) => text.toLowerCase().includes(wanted),
      );
    return this.#chats
      .filter((chat) => chat.video === video && chat.deleted_at_ms === null)
      .filter((chat) => chat.turns.length > 0 && has(chat))
      .sort((a, b) => b.changed_at_secs - a.changed_at_secs || Number(b.id) - Number(a.id))
      .map((chat) => {
        const { id, title, turns } = shown(chat);
        return { id, title, n_turns: turns.length, changed_at_secs: chat.changed_at_secs };
      });
  }

  get(id: string): Chat {
    return shown(this.#find(id));
  }

  add(video: string): Chat {
    const chat: KeptChat = {
      ...{ id: `${this.#next++}`, video, title: null, turns: [], latest: null },
      ...{ changed_at_secs: nowSecs(), deleted_at_ms: null, remembers_from: null },
    };
    this.#chats.push(chat);
    return shown(chat);
  }

  rename(id: string, title: string): void {
    const written = title.trim();
    this.#find(id).title = written === '' ? null : written;
  }

  delete(id: string): void {
    this.#find(id).deleted_at_ms = Date.now();
  }

  restore(id: string): void {
    const chat = this.#chats.find((one) => one.id === id);
    const is_late = chat?.deleted_at_ms != null && Date.now() - chat.deleted_at_ms > DELETED_STAY_MS;
    if (chat === undefined || is_late) throw gone('conversation');
    chat.deleted_at_ms = null;
  }

  forget(video: string): void {
    this.#chats = this.#chats.filter((chat) => chat.video !== video);
  }

  /** Keeps a question before it is answered. */
  begin(request: AskRequest): string {
    const chat = this.#find(request.chat);
    const replaced = chat.turns.find((turn) => turn.id === request.replaces);
    if (request.replaces !== null && replaced === undefined) throw gone('question');
    const id = `${this.#next++}`;
    chat.turns.push({
      ...{ id, question: request.question, options: request.options, answer: null },
      ...{ asked_at_secs: nowSecs(), parent: replaced === undefined ? chat.latest : replaced.parent },
    });
    chat.latest = id;
    chat.changed_at_secs = nowSecs();
    return id;
  }

  /** Nothing where the chat is gone; the turn comes back all the same. */
  end(request: AskRequest, id: string, answer: NonNullable<Turn['answer']>): Turn {
    const chat = this.#chats.find((one) => one.id === request.chat);
    const turn = chat?.turns.find((one) => one.id === id);
    if (chat === undefined || turn === undefined) throw gone('conversation');
    turn.answer = answer;
    chat.changed_at_secs = nowSecs();
    return asTurn(chat, turn);
  }

  /** Those before it, the oldest first. */
  before(request: AskRequest, id: string): string[] {
    return path(this.#find(request.chat), id)
      .slice(0, -1)
      .map((turn) => turn.id);
  }

  remembersFrom(request: AskRequest, turn: string | null): void {
    this.#find(request.chat).remembers_from = turn;
  }

  show(id: string): Chat {
    const chat = this.#chats.find((one) => one.turns.some((turn) => turn.id === id));
    if (chat === undefined || chat.deleted_at_ms !== null) throw gone('question');
    const after = new Set([id]);
    // In the order in which they were asked, so that whatever follows stands behind.
    for (const turn of chat.turns) if (turn.parent !== null && after.has(turn.parent)) after.add(turn.id);
    chat.latest = chat.turns.findLast((turn) => after.has(turn.id))?.id ?? id;
    return shown(chat);
  }

  #find(id: string): KeptChat {
    const chat = this.#chats.find((one) => one.id === id && one.deleted_at_ms === null);
    if (chat === undefined) throw gone('conversation');
    return chat;
  }
}

function path(chat: KeptChat, until: string | null): KeptTurn[] {
  const turns: KeptTurn[] = [];
  for (let id = until; id !== null;) {
    const turn = chat.turns.find((one) => one.id === id);
    if (turn === undefined) break;
    turns.unshift(turn);
    id = turn.parent;
  }
  return turns;
}

function shown(chat: KeptChat): Chat {
  const turns = path(chat, chat.latest).map((turn) => asTurn(chat, turn));
  const title = chat.title ?? turns[0]?.question.slice(0, MAX_TITLE_CHARS) ?? '';
  return { id: chat.id, video: chat.video, title, turns, remembers_from: chat.remembers_from };
}

function asTurn(chat: KeptChat, { parent, ...turn }: KeptTurn): Turn {
  const alternatives = chat.turns.filter((one) => one.parent === parent).map((one) => one.id);
  return { ...turn, alternatives };
}

function gone(what: string): ApiError {
  return { code: 'unknown', message: `This ${what} is no longer there`, hint: null };
}

const nowSecs = () => Date.now() / 1000;
