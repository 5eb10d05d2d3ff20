import type { ApiError, Backend, Download, OfferedModel, OfferedVariant } from '../backend';
import { isComing, remainingOf, standing, type Standing } from '../lib/downloads';
import { bestChoice, findVariant, type Choice } from '../lib/offers';
import { calmed, type Shown } from '../lib/remaining';
import { asApiError } from './errors';

export interface Hooks {
  started(): void;
  finished(download: Download): void;
  failed(download: Download, error: ApiError): void;
  refused(error: ApiError): void;
}

/** Models that can be fetched, and how far that is. Nothing is fetched before [`Downloads.start`] is called. */
export class Downloads {
  /** Null until it was read. */
  catalogue = $state.raw<OfferedModel[] | null>(null);
  /** Why the catalogue could not be read. */
  error = $state.raw<ApiError | null>(null);
  #by_variant = $state.raw<ReadonlyMap<string, Download>>(new Map());
  readonly best = $derived(bestChoice(this.catalogue ?? []));
  /** Those that are not here yet, the latest first. */
  readonly unfinished = $derived(
    [...this.#by_variant.values()].filter(({ state }) => state.kind !== 'done').reverse(),
  );
  /** Of them, those under way. */
  readonly coming = $derived(this.unfinished.filter(({ state }) => isComing(state)));
  /** The one to be told of where there is room for one: under way, or else stopped. */
  readonly current = $derived(this.coming[0] ?? this.unfinished[0] ?? null);
  /** A part of an earlier run that can go on. */
  readonly leftover = $derived(this.#find('paused')?.standing.download ?? null);
  /** The first of the catalogue that is on this machine. */
  readonly here = $derived(this.#find('here'));

  #backend: Backend;
  #hooks: Hooks;
  #shown = new Map<string, Shown>();
  /** What was told of since the list was last asked for: newer than the list. */
  #heard = new Set<string>();
  #n_reads = 0;

  constructor(backend: Backend, hooks: Hooks) {
    this.#backend = backend;
    this.#hooks = hooks;
  }

  async read(): Promise<void> {
    const read = ++this.#n_reads;
    this.#heard.clear();
    try {
      const [catalogue, downloads] = await Promise.all([
        this.#backend.catalogue(),
        this.#backend.downloads(),
      ]);
      // A later look is under way, and knows more.
      if (read !== this.#n_reads) return;
      this.catalogue = catalogue;
      this.error = null;
      const heard = [...this.#by_variant].filter(([variant]) => this.#heard.has(variant));
      // What came and was removed since is not here, whatever the list says.
      const listed = downloads.filter(
        ({ variant, state }) => state.kind !== 'done' || isHere(catalogue, variant),
      );
      this.#by_variant = new Map([...listed.map((one) => [one.variant, one] as const), ...heard]);
    } catch (error) {
      this.error = asApiError(error);
    }
  }

  hear(download: Download): void {
    const was = this.of(download.variant)?.state.kind;
    this.#heard.add(download.variant);
    this.#put(download);
    const { state } = download;
    if (state.kind === was) return;
    if (state.kind === 'failed') this.#hooks.failed(download, state.error);
    if (state.kind === 'done') {
      this.#hooks.finished(download);
      void this.read();
    }
  }

  of(variant: string): Download | null {
    return this.#by_variant.get(variant) ?? null;
  }

  standing({ model, variant }: Choice): Standing {
    return standing(variant, model.name, this.of(variant.id));
  }

  /** Fetches it, or goes on with it. Whoever calls it has shown the licence, and somebody has pressed a button. */
  async start(variant: string): Promise<void> {
    const before = this.of(variant) ?? this.#unknown(variant);
    this.#hooks.started();
    this.#heard.add(variant);
    this.#put({ ...before, state: { kind: 'asking' } });
    try {
      await this.#backend.startDownload(variant);
    } catch (error) {
      this.hear({ ...before, state: { kind: 'failed', error: asApiError(error) } });
    }
  }

  async pause(variant: string): Promise<void> {
    await this.#attempt(() => this.#backend.pauseDownload(variant));
    // It has stopped by now, whatever was told of it.
    await this.read();
  }

  /** Stops it, and removes what is here of it. */
  async discard(variant: string): Promise<void> {
    await this.#attempt(() => this.#backend.discardDownload(variant));
    this.#shown.delete(variant);
    await this.read();
  }

  #put(download: Download): void {
    const others = new Map(this.#by_variant);
    others.set(download.variant, this.#calm(download));
    this.#by_variant = others;
  }

  #calm(download: Download): Download {
    const { variant, state } = download;
    const guess_secs = remainingOf(download);
    if (guess_secs === null || (state.kind !== 'fetching' && state.kind !== 'converting')) {
      this.#shown.delete(variant);
      return download;
    }
    const shown = calmed(this.#shown.get(variant) ?? null, guess_secs, performance.now());
    this.#shown.set(variant, shown);
    return { ...download, state: { ...state, remaining_secs: shown.secs } };
  }

  #unknown(id: string): Download {
    const choice = findVariant(this.catalogue ?? [], id);
    return {
      variant: id,
      name: choice?.model.name ?? '',
      n_bytes: choice?.variant.state.kind === 'partial' ? choice.variant.state.n_bytes : 0,
      total_bytes: choice?.variant.download_bytes ?? 0,
      state: { kind: 'asking' },
    };
  }

  /** The first of the catalogue that stands like this. */
  #find<Kind extends Standing['kind']>(
    kind: Kind,
  ): (Choice & { standing: Extract<Standing, { kind: Kind }> }) | null {
    for (const model of this.catalogue ?? []) {
      for (const variant of model.variants) {
        const found = this.standing({ model, variant });
        if (found.kind === kind) {
          return { model, variant, standing: found as Extract<Standing, { kind: Kind }> };
        }
      }
    }
    return null;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#hooks.refused(asApiError(error));
    }
  }
}

function isHere(catalogue: OfferedModel[], id: string): boolean {
  const variant: OfferedVariant | undefined = findVariant(catalogue, id)?.variant;
  return variant?.state.kind === 'here';
}
