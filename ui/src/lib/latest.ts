/** Where a request stands: of all that were asked for, only the newest matters. */
export interface Job<Want, Got> {
  /** Fetches one; ends soon after `signal` aborts. */
  run(want: Want, signal: AbortSignal): Promise<Got>;
  /** Gets each result that is not yet overtaken by a newer one that arrived. */
  show(got: Got, want: Want): void;
  failed?(error: unknown, want: Want): void;
}

/**
 * Runs one request at a time. While it runs, only the newest wish is kept: nothing queues, and a wish that was
 * overtaken is never started. With `abort_older`, the running one is told to end as soon as there is a newer wish.
 */
export class Latest<Want, Got> {
  #job: Job<Want, Got>;
  #abort_older: boolean;
  #running: AbortController | null = null;
  #waiting: { want: Want } | null = null;
  #idle: (() => void)[] = [];

  constructor(job: Job<Want, Got>, options: { abort_older: boolean }) {
    this.#job = job;
    this.#abort_older = options.abort_older;
  }

  /** Whether something is being fetched. */
  get is_busy(): boolean {
    return this.#running !== null;
  }

  want(want: Want): void {
    this.#waiting = { want };
    if (this.#running === null) void this.#next();
    else if (this.#abort_older) this.#running.abort();
  }

  /** Forgets the wish and ends what runs; nothing of it is shown. */
  cancel(): void {
    this.#waiting = null;
    this.#running?.abort();
  }

  /** Resolves when nothing is running and nothing waits. */
  idle(): Promise<void> {
    if (this.#running === null) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #next(): Promise<void> {
    while (this.#waiting !== null) {
      const { want } = this.#waiting;
      this.#waiting = null;
      const running = new AbortController();
      this.#running = running;
      try {
        const got = await this.#job.run(want, running.signal);
        if (!running.signal.aborted) this.#job.show(got, want);
      } catch (error) {
        if (!running.signal.aborted) this.#job.failed?.(error, want);
      }
    }
    this.#running = null;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
