import type { Command } from './keys';

/** Letters that follow each other within this time are a word, whatever each of them does by itself. */
export const TOGETHER_MS = 300;

/** What a press of a key outside of every field means. */
export type Meaning =
  /** First what waited, then this: null where the press itself is nobody's. */
  | { kind: 'command'; waited: Command[]; command: Command | null }
  /** It is carried out when no letter has followed it for a while: see `Typing.rest`. */
  | { kind: 'wait' }
  /** A question is being written. What the letters `before` have done is to be taken back, and they belong to it. */
  | { kind: 'words'; before: string };

/** What opens something, or takes the focus: letters that were meant for a question would end up there. */
const WAITS = new Set<Command>(['ask-frame', 'full-screen', 'go-to', 'save-frame']);

/**
 * Tells words from keys. A letter without a meaning starts a question. A letter with one is carried out at once, and
 * taken back where it turns out to be part of a word: where a letter without a meaning follows it at once, or where three
 * presses follow each other that no player of videos makes.
 */
export class Typing {
  /** Letters and spaces that followed each other at once. */
  #run = '';
  #last_ms = -Infinity;
  #waiting: Command[] = [];

  /** `command`: what the key does by itself. */
  press(key: string, command: Command | null, at_ms: number): Meaning {
    if (at_ms - this.#last_ms > TOGETHER_MS) this.#run = '';
    this.#last_ms = at_ms;
    const before = this.#run;
    const is_letter = /^\p{L}$/u.test(key);
    if ((is_letter && command === null) || (key.length === 1 && areWords(before, key))) {
      this.end();
      return { kind: 'words', before };
    }
    if (!is_letter && key !== ' ') {
      this.#run = '';
      return { kind: 'command', waited: this.rest(), command };
    }
    this.#run += key;
    if (command !== null && (WAITS.has(command) || this.#waiting.length > 0)) {
      this.#waiting.push(command);
      return { kind: 'wait' };
    }
    return { kind: 'command', waited: this.rest(), command };
  }

  /** How many presses have followed each other at once. */
  get n_together(): number {
    return this.#run.length;
  }

  /** What waited, to be carried out now: it was no word. */
  rest(): Command[] {
    return this.#waiting.splice(0);
  }

  /** What comes next has nothing to do with what was. */
  end(): void {
    this.#run = '';
    this.#waiting = [];
  }
}

/** Slower, pause, faster: the three that are pressed in quick turns by those who know them. */
const SHUTTLE = /^[jkl ]*$/iu;

function areWords(before: string, key: string): boolean {
  const all = before + key;
  if (all.length < 3 || SHUTTLE.test(all)) return false;
  const letters = new Set([...all.toLowerCase()].filter((one) => /\p{L}/u.test(one)));
  return letters.size >= 2;
}
