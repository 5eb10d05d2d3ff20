import { Channel, invoke } from '@tauri-apps/api/core';
import { Calls } from './calls.gen';
import type { ApiError } from './types';
import { CANCELLED } from './wire';

/** Numbers of calls, by which they are cancelled; a page that is loaded anew does not use those of the one before. */
let next_call = Date.now() * 1000;

/** The program behind Tauri's calls. */
export class TauriBackend extends Calls {
  /**
   * Messages travel another way than the answer, so the program ends them with a last one, which is null, and the answer
   * is held back until that is there.
   */
  protected async send(
    command: string,
    args: object,
    signal?: AbortSignal,
    on?: (message: unknown) => void,
  ): Promise<unknown> {
    if (signal?.aborted === true) throw CANCELLED;
    const call = next_call++;
    const cancel = () => void this.told('cancel', { call });
    signal?.addEventListener('abort', cancel, { once: true });
    let is_open = true;
    try {
      if (on === undefined) return await invoke(command, { call, ...args });
      let ended = () => {};
      const all = new Promise<void>((resolve) => (ended = resolve));
      const each = new Channel<unknown>((message) => {
        if (message === null) ended();
        else if (is_open) on(message);
      });
      const answer = await invoke(command, { call, ...args, each });
      await all;
      return answer;
    } catch (error) {
      throw asApiError(command, error);
    } finally {
      is_open = false;
      signal?.removeEventListener('abort', cancel);
    }
  }
}

/** The program refuses with an `ApiError`; what lies between it and the page, with a text. */
function asApiError(command: string, error: unknown): ApiError {
  if (typeof error === 'object' && error !== null && 'code' in error) return error as ApiError;
  return { code: 'unknown', message: `the program could not do “${command}”`, hint: String(error) };
}
