import { flushSync } from 'svelte';
import { commandFor, type Command } from '../lib/keys';
import { TOGETHER_MS, Typing } from '../lib/typing';
import { carryOut, focusQuestion } from './commands';
import { is_mac } from './context';
import type { WindowState } from './window.svelte';

const FIELDS = 'input:not([type=range], [type=checkbox], [type=radio]), textarea, [contenteditable]';
const CONTROLS = 'button, a, select, summary, input, [role=radio]';
/** What letters choose from by themselves, and what they would leave behind. */
const OF_LETTERS = 'select, [role=menu], [role=dialog], dialog';
/** An open sheet takes all keys but its own way out, and those that are about everything. */
const OF_SHEETS = new Set<Command>(['stop', 'help', 'larger-text', 'smaller-text']);
const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock']);

/** Hears the keys of the window: commands, and words that are typed without a field having the focus. */
export class Keyboard {
  #window: WindowState;
  #typing = new Typing();
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** Takes back what the letters since then have done. */
  #takeBack: () => void = () => {};

  constructor(window: WindowState) {
    this.#window = window;
  }

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || MODIFIERS.has(event.key)) return;
    const window = this.#window;
    const target = event.target instanceof Element ? event.target : document.body;
    const is_typing = target.closest(FIELDS) !== null;
    const command = commandFor(event, {
      is_typing,
      is_on_control: target.closest(CONTROLS) !== null,
      is_on_slider: target.closest('[role=slider]') !== null,
      is_mac,
    });
    const may_be_words =
      !is_typing &&
      !event.ctrlKey &&
      !event.metaKey &&
      !event.altKey &&
      !event.repeat &&
      window.open !== null &&
      window.sheet === null &&
      !window.is_full_screen &&
      target.closest(OF_LETTERS) === null;
    if (may_be_words) return this.#hear(event, command);
    this.#carryOutWaiting();
    this.#typing.end();
    if (command === null) return;
    if (window.sheet !== null && !OF_SHEETS.has(command)) return;
    event.preventDefault();
    carryOut(command, window);
  }

  #hear(event: KeyboardEvent, command: Command | null): void {
    const window = this.#window;
    clearTimeout(this.#resting);
    const meaning = this.#typing.press(event.key, command, event.timeStamp);
    switch (meaning.kind) {
      case 'words':
        if (meaning.before !== '') this.#takeBack();
        // The press itself goes into the field by the way of every key.
        if (!this.#write(meaning.before)) event.preventDefault();
        return;
      case 'wait':
        event.preventDefault();
        this.#remember();
        this.#resting = setTimeout(() => this.#carryOutWaiting(), TOGETHER_MS);
        return;
      case 'command':
        meaning.waited.forEach((one) => carryOut(one, window));
        if (meaning.waited.length > 0) flushSync();
        // A sheet that was just opened takes the press.
        if (meaning.command === null || window.sheet !== null) return;
        event.preventDefault();
        this.#remember();
        carryOut(meaning.command, window);
    }
  }

  /** Before the first of letters that may turn out to be a word. */
  #remember(): void {
    if (this.#typing.n_together <= 1) this.#takeBack = this.#window.remember();
  }

  #carryOutWaiting(): void {
    clearTimeout(this.#resting);
    for (const command of this.#typing.rest()) carryOut(command, this.#window);
  }

  /** Puts letters at the end of the question; the focus is where the next one belongs. */
  #write(letters: string): boolean {
    const conversation = this.#window.open?.conversation;
    if (conversation === undefined) return false;
    const { draft } = conversation;
    draft.words = (draft.words + letters).trimStart();
    flushSync();
    return focusQuestion(this.#window);
  }
}
