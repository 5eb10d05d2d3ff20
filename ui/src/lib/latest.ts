/** Where a request stands: of all that were asked for, only the newest matters. */
export interface Job<Wish, Result> {
  /** Fetches one; ends soon after `signal` aborts. */
  run(wish: Wish, signal: AbortSignal): Promise<Result>;
  /** Gets each result that is not yet overtaken by a newer one that arrived. */
  show(result: Result, wish: Wish): void;
  failed?(error: unknown, wish: Wish): void;
}

/**
 * Runs one request at a time, or `n_at_a_time`. While they run, only the newest wish is kept: nothing queues, and a wish that
 * was overtaken is never started. With `abort_older`, what runs is told to end as soon as there is a newer wish.
 */
export class Latest<Wish, Result> {
  #job: Job<Wish, Result>;
  #abort_older: boolean;
  #n_at_a_time: number;
  #running = new Set<AbortController>();
  #waiting: { wish: Wish } | null = null;
  #n_started = 0;
  /** Number of the newest one that arrived. */
  #newest = 0;
  #idle: (() => void)[] = [];

  constructor(job: Job<Wish, Result>, options: { abort_older: boolean; n_at_a_time?: number }) {
    this.#job = job;
    this.#abort_older = options.abort_older;
    this.#n_at_a_time = options.n_at_a_time ?? 1;
  }

  /** Whether something is being fetched. */
  get is_busy(): boolean {
    return this.#running.size > 0;
  }

  want(wish: Wish): void {
    this.#waiting = { wish };
    if (this.#running.size < this.#n_at_a_time) void this.#next();
    else if (this.#abort_older) this.#abort();
  }

  /** Forgets the wish and ends what runs; nothing of it is shown. */
  cancel(): void {
    this.#waiting = null;
    this.#abort();
  }

  /** Resolves when nothing is running and nothing waits. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #abort(): void {
    for (const running of this.#running) running.abort();
  }

  async #next(): Promise<void> {
    while (this.#waiting !== null) {
      const { wish } = this.#waiting;
      this.#waiting = null;
      const running = new AbortController();
      this.#running.add(running);
      const number = ++this.#n_started;
      try {
        const result = await this.#job.run(wish, running.signal);
        if (!running.signal.aborted && number > this.#newest) {
          this.#newest = number;
          this.#job.show(result, wish);
        }
      } catch (error) {
        if (!running.signal.aborted) this.#job.failed?.(error, wish);
      }
      this.#running.delete(running);
    }
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
