import type { ApiError, Download, DownloadState, Model, OfferedModel } from '../../src/backend';
import { CATALOGUE } from './catalogue';
import { VICUNA } from './models';

/** How downloads go; all times in milliseconds. */
export interface DownloadScript {
  /** For all of the bytes. */
  fetch_ms: number;
  verify_ms: number;
  convert_ms: number;
  /** Nothing moves from this share of the bytes on, until a test sets it to null. */
  hold_at: number | null;
  /** The same, of the conversion. */
  hold_converting_at: number | null;
  /** The hub does not answer while it is held. */
  is_retrying: boolean;
  /** It stops with this once half of the bytes are here. */
  fail_fetch: ApiError | null;
  /** It does not even begin. */
  fail_start: ApiError | null;
  /** Catalogue ids of variants that lie there already. */
  here: string[];
  /** Parts of an earlier run: variants and the share of their bytes. */
  partial: Record<string, number>;
}

export const SMOOTH: DownloadScript = {
  fetch_ms: 0,
  verify_ms: 0,
  convert_ms: 0,
  hold_at: null,
  hold_converting_at: null,
  is_retrying: false,
  fail_fetch: null,
  fail_start: null,
  here: [],
  partial: {},
};

const N_STEPS = 50;
/** Where the catalogue does not know. */
const USUAL_BYTES = 4.9e9;
const BYTES_PER_SEC = 11.8e6;

interface Hooks {
  script: () => DownloadScript;
  /** Resolves when the files have been checked, which takes so long by itself. */
  verified: (ms: number) => Promise<void>;
  tell: (download: Download) => void;
  came: (model: Model) => void;
  gone: (model: string) => void;
}

/** Downloads as the program has them: parts stay, several go on side by side, and what is whole is a model. */
export class Downloads {
  #hooks: Hooks;
  #by_variant = new Map<string, Download>();
  #stops = new Map<string, AbortController>();
  /** Bytes on the disk. */
  #here = new Map<string, number>();
  #parts = new Map<string, number>();

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
    const { here, partial } = hooks.script();
    for (const id of here) {
      const found = find(id);
      hooks.came(modelOf(found.model, id));
      this.#here.set(id, found.bytes);
    }
    for (const [id, share] of Object.entries(partial)) this.#parts.set(id, share * find(id).bytes);
  }

  offers(): OfferedModel[] {
    return CATALOGUE.map((model) => ({
      ...model,
      variants: model.variants.map((variant) => {
        const { id } = variant;
        const here = this.#here.get(id);
        const part = this.#by_variant.get(id)?.n_bytes ?? this.#parts.get(id) ?? 0;
        if (here !== undefined) return { ...variant, state: { kind: 'here', model: id, n_bytes: here } };
        return part > 0 ? { ...variant, state: { kind: 'partial', n_bytes: part } } : variant;
      }),
    }));
  }

  list(): Download[] {
    return [...this.#by_variant.values()];
  }

  start(id: string): void {
    const { fail_start } = this.#hooks.script();
    if (fail_start !== null) throw fail_start;
    if (this.#stops.has(id)) return;
    const stop = new AbortController();
    this.#stops.set(id, stop);
    void this.#fetch(id, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.#tell(id, { state: { kind: 'failed', error: error as ApiError } });
      })
      .finally(() => {
        if (this.#stops.get(id) === stop) this.#stops.delete(id);
      });
  }

  pause(id: string): void {
    this.#stop(id);
    this.#tell(id, { state: { kind: 'paused' } });
  }

  discard(id: string): void {
    this.#stop(id);
    this.#by_variant.delete(id);
    this.#parts.delete(id);
  }

  remove(id: string): number {
    const n_bytes = this.#here.get(id) ?? 0;
    this.#here.delete(id);
    this.#by_variant.delete(id);
    this.#hooks.gone(id);
    return n_bytes;
  }

  /** As in the program: what is said to be paused can be gone on with at once. */
  #stop(id: string): void {
    this.#stops.get(id)?.abort();
    this.#stops.delete(id);
  }

  #tell(id: string, changes: Partial<Download>): void {
    const { model, quantisation, bytes } = find(id);
    const before = this.#by_variant.get(id) ?? {
      variant: id,
      name: `${model.name} ${quantisation}`,
      n_bytes: this.#parts.get(id) ?? 0,
      total_bytes: bytes,
      state: { kind: 'asking' },
    };
    const now: Download = { ...before, ...changes };
    this.#by_variant.set(id, now);
    this.#hooks.tell(now);
  }

  async #fetch(id: string, signal: AbortSignal): Promise<void> {
    const { model, bytes, is_converted } = find(id);
    const tell = (state: DownloadState, n_bytes?: number) => {
      signal.throwIfAborted();
      this.#tell(id, n_bytes === undefined ? { state } : { state, n_bytes });
    };
    const script = this.#hooks.script;
    tell({ kind: 'asking' });
    await pass(script().fetch_ms / N_STEPS);
    let n_bytes = this.#by_variant.get(id)?.n_bytes ?? 0;
    while (n_bytes < bytes) {
      const { hold_at, is_retrying, fail_fetch } = script();
      const is_held = hold_at !== null && n_bytes >= hold_at * bytes;
      tell(
        {
          kind: 'fetching',
          bytes_per_sec: BYTES_PER_SEC,
          remaining_secs: (bytes - n_bytes) / BYTES_PER_SEC,
          is_retrying: is_retrying && is_held,
        },
        n_bytes,
      );
      if (fail_fetch !== null && n_bytes >= bytes / 2) throw fail_fetch;
      await pass(is_held ? 100 : script().fetch_ms / N_STEPS);
      if (!is_held) n_bytes = Math.min(bytes, n_bytes + bytes / N_STEPS);
    }
    tell({ kind: 'verifying' }, bytes);
    await this.#hooks.verified(script().verify_ms);
    for (let step = 0; is_converted && step < N_STEPS;) {
      const share = step / N_STEPS;
      const { hold_converting_at, convert_ms } = script();
      const is_held = hold_converting_at !== null && share >= hold_converting_at;
      tell({ kind: 'converting', share, remaining_secs: (1 - share) * 95 });
      await pass(is_held ? 100 : convert_ms / N_STEPS);
      if (!is_held) step += 1;
    }
    signal.throwIfAborted();
    this.#here.set(id, bytes);
    this.#hooks.came(modelOf(model, id));
    tell({ kind: 'done', model: id });
  }
}

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function find(id: string) {
  for (const model of CATALOGUE) {
    for (const variant of model.variants) {
      if (variant.id !== id) continue;
      const { quantisation, download_bytes, is_converted } = variant;
      return { model, variant, quantisation, is_converted, bytes: download_bytes ?? USUAL_BYTES };
    }
  }
  throw { code: 'unknown', message: `no variant ${id}`, hint: null } satisfies ApiError;
}

/** The model that a variant is once it is here: its id is the variant's. */
function modelOf(model: OfferedModel, id: string): Model {
  const { variant, quantisation, bytes } = find(id);
  const memory = variant.fits.find(({ preset }) => preset === 'balanced')?.memory;
  return {
    ...VICUNA,
    id,
    name: model.name,
    quantisation,
    files: [`${model.id}-${quantisation}.gguf`, `mmproj-${model.id}-f16.gguf`],
    found_in: 'downloaded',
    removable_bytes: bytes,
    file_bytes: bytes,
    folder: null,
    is_listed: false,
    tower: 'SigLIP, 512 px',
    n_tokens_per_image: model.n_tokens_per_image,
    n_context: model.n_context,
    memory: memory ?? VICUNA.memory,
  };
}
