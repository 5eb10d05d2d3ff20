import type { Backend, VideoInfo } from '../backend';
import { decode } from './pictures';

const N_PICTURES = 48;
/** Lines of a picture: coarse on a large screen, and a third of a megabyte each. */
const HEIGHT_PX = 240;
/** What is looked at first comes first: the picture on screen and the strip beneath it. */
const WAIT_MS = 300;

/** Coarse pictures all over a video, so that a pointer that is dragged through it has something true to show at once. */
export class Outline {
  #backend: Backend;
  #info: VideoInfo;
  #drawn = new Map<number, ImageBitmap>();
  #closed = new AbortController();

  constructor(backend: Backend, info: VideoInfo) {
    this.#backend = backend;
    this.#info = info;
  }

  /** Asks for them. Without them everything works, only later, so what goes wrong is said elsewhere. */
  async draw(duration_secs: number): Promise<void> {
    const { signal } = this.#closed;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    if (signal.aborted) return;
    const at_secs = Array.from(
      { length: N_PICTURES },
      (_, slot) => ((slot + 0.5) / N_PICTURES) * duration_secs,
    );
    const slots = new Set<number>();
    const frames = new Set<number>();
    const complete = new AbortController();
    await this.#backend
      .filmstrip(
        { video: this.#info.id, at_secs, height_px: HEIGHT_PX },
        (slot, picture) => {
          // Each slot's first picture is the cheapest one, and enough.
          slots.add(slot);
          if (slots.size === N_PICTURES) complete.abort();
          const { index } = picture;
          if (index === null || frames.has(index)) return;
          frames.add(index);
          decode(picture).then(
            (bitmap) => {
              if (signal.aborted) bitmap.close();
              else this.#drawn.set(index, bitmap);
            },
            () => {},
          );
        },
        AbortSignal.any([signal, complete.signal]),
      )
      .catch(() => {});
  }

  indices(): Iterable<number> {
    return this.#drawn.keys();
  }

  get(index: number): ImageBitmap | undefined {
    return this.#drawn.get(index);
  }

  close(): void {
    this.#closed.abort();
    for (const bitmap of this.#drawn.values()) bitmap.close();
    this.#drawn.clear();
  }
}
