import { Channel, invoke } from '@tauri-apps/api/core';
import type { ApiError, Picture } from './types';

const CANCELLED: ApiError = { code: 'cancelled', message: 'it was stopped', hint: null };

/** Numbers of calls, by which they are cancelled; a page that is loaded anew does not use those of the one before. */
let next_call = Date.now() * 1000;

/** Calls a command of the program. It rejects with an `ApiError` and with nothing else. */
export async function call<T>(
  command: string,
  args: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<T> {
  if (signal?.aborted === true) throw CANCELLED;
  const number = next_call++;
  const cancel = () => void tell('cancel', { call: number });
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await invoke<T>(command, { call: number, ...args });
  } catch (error) {
    throw asApiError(command, error);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** A command whose answer nobody waits for. */
export async function tell(command: string, args: Record<string, unknown> = {}): Promise<void> {
  try {
    await invoke(command, args);
  } catch (error) {
    console.error(command, asApiError(command, error).message);
  }
}

/**
 * Calls a command that tells of its work. Messages travel another way than the answer, so the program ends them with a
 * last one, and the answer is held back until that is there: no event comes after the call has settled.
 */
export async function streamed<T, Message>(
  command: string,
  args: Record<string, unknown>,
  on: (message: Message) => void,
  is_last: (message: unknown) => boolean,
  signal: AbortSignal,
): Promise<T> {
  let is_open = true;
  let ended = () => {};
  const all = new Promise<void>((resolve) => (ended = resolve));
  const each = new Channel<Message>((message) => {
    if (is_last(message)) ended();
    else if (is_open) on(message);
  });
  try {
    const answer = await call<T>(command, { ...args, each }, signal);
    await all;
    return answer;
  } finally {
    is_open = false;
  }
}

/** Takes apart what `packed` in the program put together: length of the description, description, image file. */
export function unpacked(message: ArrayBuffer, offset = 0): Picture {
  const n_bytes = new DataView(message).getUint32(offset, true);
  const from = offset + 4;
  const description = new TextDecoder().decode(new Uint8Array(message, from, n_bytes));
  const info = JSON.parse(description) as Omit<Picture, 'bytes'>;
  return { ...info, bytes: message.slice(from + n_bytes) };
}

/** The program refuses with an `ApiError`; what lies between it and the page, with a text. */
function asApiError(command: string, error: unknown): ApiError {
  if (typeof error === 'object' && error !== null && 'code' in error) return error as ApiError;
  return { code: 'unknown', message: `the program could not do “${command}”`, hint: String(error) };
}
