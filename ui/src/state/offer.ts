import type { Download } from '../backend';
import type { Choice } from '../lib/offers';
import type { WindowState } from './window.svelte';

/** The way from the embedded model to one that knows more, and how far along it one is. */
export type Way =
  /** Nothing was done yet; the choice is null where the catalogue has none. */
  | { kind: 'get'; choice: Choice | null }
  | { kind: 'coming'; download: Download }
  | { kind: 'paused'; download: Download }
  | { kind: 'failed'; download: Download; message: string }
  /** It is on this machine and not in use. */
  | { kind: 'here'; name: string; model: string }
  | { kind: 'loading'; name: string; share: number | null }
  | { kind: 'ready'; name: string };

export function wayOn({ model, downloads }: WindowState): Way {
  if (model.kind === 'ready' && !model.model.is_embedded) return { kind: 'ready', name: model.model.name };
  if (model.kind === 'loading' && !model.model.is_embedded) {
    const share = model.n_total === 0 ? null : model.n_done / model.n_total;
    return { kind: 'loading', name: model.model.name, share };
  }
  const current = downloads.current ?? downloads.leftover;
  if (current !== null) {
    const { state } = current;
    if (state.kind === 'failed') return { kind: 'failed', download: current, message: state.error.message };
    return { kind: state.kind === 'paused' ? 'paused' : 'coming', download: current };
  }
  const { here, best } = downloads;
  if (here !== null) return { kind: 'here', name: here.model.name, model: here.standing.model };
  return { kind: 'get', choice: best };
}
