import type { ApiError, AppEvent, Picture } from './types';

export const CANCELLED: ApiError = { code: 'cancelled', message: 'it was stopped', hint: null };

/** How calls reach the program, and how their answers are read. */
export abstract class Wire {
  #listeners = new Set<(event: AppEvent) => void>();
  #is_listening = false;

  /**
   * Carries a call out and answers with JSON's value or an `ArrayBuffer`. It rejects with an `ApiError` and nothing else;
   * `on` gets the messages in order, and none after the call has settled.
   */
  protected abstract send(
    command: string,
    args: object,
    signal?: AbortSignal,
    on?: (message: unknown) => void,
  ): Promise<unknown>;

  protected async value<T>(command: string, args: object, signal?: AbortSignal): Promise<T> {
    return (await this.send(command, args, signal)) as T;
  }

  protected async picture(command: string, args: object, signal: AbortSignal): Promise<Picture> {
    return unpacked(await this.value(command, args, signal));
  }

  protected async times(command: string, args: object, signal: AbortSignal): Promise<Float64Array> {
    // The program's order of bytes is little endian, which is that of every machine that has a window.
    return new Float64Array(await this.value<ArrayBuffer>(command, args, signal));
  }

  protected async pictures(
    command: string,
    args: object,
    on: (slot: number, picture: Picture) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.events<void, ArrayBuffer>(
      command,
      args,
      (message) => on(new DataView(message).getUint32(0, true), unpacked(message, 4)),
      signal,
    );
  }

  protected async events<T, Event>(
    command: string,
    args: object,
    on: (event: Event) => void,
    signal: AbortSignal,
  ): Promise<T> {
    return (await this.send(command, args, signal, (message) => on(message as Event))) as T;
  }

  /** A call whose answer nobody waits for. */
  protected async told(command: string, args: object, on?: (message: unknown) => void): Promise<void> {
    try {
      await this.send(command, args, undefined, on);
    } catch (error) {
      console.error(command, (error as ApiError).message);
    }
  }

  /** The program tells one page, and the page everyone in it. */
  protected feed(command: string, args: object, on: (event: AppEvent) => void): () => void {
    this.#listeners.add(on);
    if (!this.#is_listening) {
      this.#is_listening = true;
      void this.told(command, args, (event) =>
        this.#listeners.forEach((listener) => listener(event as AppEvent)),
      );
    }
    return () => this.#listeners.delete(on);
  }
}

/** Takes apart what `packed` in the program put together: length of the description, description, image file. */
function unpacked(message: ArrayBuffer, offset = 0): Picture {
  const n_bytes = new DataView(message).getUint32(offset, true);
  const from = offset + 4;
  const description = new TextDecoder().decode(new Uint8Array(message, from, n_bytes));
  const info = JSON.parse(description) as Omit<Picture, 'bytes'>;
  return { ...info, bytes: message.slice(from + n_bytes) };
}
