/** So long a change must rest. */
export const REST_MS = 500;
/** While there is no rest it is told of this often. */
export const BUSY_MS = 2000;

/**
 * Hands on the latest of many changes: once they rest, or now and then while they do not. `last` is what is known
 * already.
 */
export class Resting<Value> {
  #tell: (value: Value) => void;
  #told: string;
  #latest: Value | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #is_busy = false;

  constructor(last: Value, tell: (value: Value) => void) {
    this.#told = JSON.stringify(last);
    this.#tell = tell;
  }

  change(value: Value, is_busy: boolean): void {
    this.#latest = value;
    // What waits for a rest rests no longer.
    if (is_busy && this.#is_busy && this.#timer !== undefined) return;
    this.#is_busy = is_busy;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), is_busy ? BUSY_MS : REST_MS);
  }

  /** Hands on what waits, where it is anything new. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const latest = this.#latest;
    this.#latest = null;
    if (latest === null) return;
    const words = JSON.stringify(latest);
    if (words === this.#told) return;
    this.#told = words;
    this.#tell(latest);
  }
}
