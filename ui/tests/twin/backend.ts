import type { ApiError } from '../../src/backend';
import { Calls } from '../../src/backend/calls.gen';
import { CANCELLED } from '../../src/backend/wire';

/** A message of an answer, as `examples/http_twin/wire.rs` writes it. */
const TOLD = 0;
const TOLD_RAW = 1;
const DONE = 2;
const DONE_RAW = 3;

/** The program's side of the seam over HTTP: every call goes to the real coordinator, decoder and model. */
export class Twin extends Calls {
  /** Which calls the page has made, for tests. */
  readonly done: string[] = [];
  #next = Date.now() * 1000;

  protected async send(
    command: string,
    args: object,
    signal?: AbortSignal,
    on?: (message: unknown) => void,
  ): Promise<unknown> {
    if (signal?.aborted === true) throw CANCELLED;
    const call = this.#next++;
    const cancel = () => void this.told('cancel', { call });
    signal?.addEventListener('abort', cancel);
    this.done.push(command);
    try {
      const response = await fetch(`/twin/${command}`, {
        method: 'POST',
        body: JSON.stringify({ call, ...args }),
      });
      for await (const { kind, bytes } of messages(response)) {
        const json = (): unknown => JSON.parse(new TextDecoder().decode(bytes));
        if (kind === TOLD) on?.(json());
        else if (kind === TOLD_RAW) on?.(bytes.buffer);
        else if (kind === DONE) return json();
        else if (kind === DONE_RAW) return bytes.buffer;
        else throw json();
      }
      throw {
        code: 'unknown',
        message: `${command} ended without an answer`,
        hint: null,
      } satisfies ApiError;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }
}

async function* messages(response: Response): AsyncGenerator<{ kind: number; bytes: Uint8Array }> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let held = new Uint8Array(0);
  for (;;) {
    while (held.length >= 5) {
      const end = 5 + new DataView(held.buffer, held.byteOffset).getUint32(0, true);
      if (held.length < end) break;
      yield { kind: held[4] ?? 0, bytes: held.slice(5, end) };
      held = held.slice(end);
    }
    const { done, value } = await reader.read();
    if (done) return;
    const joined = new Uint8Array(held.length + value.length);
    joined.set(held);
    joined.set(value, held.length);
    held = joined;
  }
}
