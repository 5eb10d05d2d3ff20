const SHOWN_MS = 1400;

/** A few words over the picture about what was just changed, so that no key changes anything unseen. */
export class Note {
  words = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(words: string): void {
    clearTimeout(this.#timer);
    this.words = words;
    this.#timer = setTimeout(() => (this.words = null), SHOWN_MS);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.words = null;
  }
}
