import type { Download, DownloadState, OfferedVariant } from '../backend';

/** What stands between a variant of the catalogue and its use. */
export type Standing =
  | { kind: 'absent' }
  | { kind: 'coming'; download: Download }
  | { kind: 'paused'; download: Download }
  | { kind: 'failed'; download: Download; state: Extract<DownloadState, { kind: 'failed' }> }
  | { kind: 'here'; model: string; n_bytes: number | null };

/** The same one always, so that what did not change is not drawn again. */
const ABSENT: Standing = { kind: 'absent' };

/** Whether something is being done for it now. */
export function isComing({ kind }: DownloadState): boolean {
  return kind !== 'paused' && kind !== 'failed' && kind !== 'done';
}

/** Where a variant is: by its download where there is one, otherwise by what lay on the disk when the catalogue was read. */
export function standing(variant: OfferedVariant, name: string, download: Download | null): Standing {
  if (download !== null) {
    const { state } = download;
    if (state.kind === 'done') return { kind: 'here', model: state.model, n_bytes: onDisk(variant) };
    if (state.kind === 'failed') return { kind: 'failed', download, state };
    return { kind: state.kind === 'paused' ? 'paused' : 'coming', download };
  }
  const { state } = variant;
  if (state.kind === 'here') return { kind: 'here', model: state.model, n_bytes: state.n_bytes };
  if (state.kind === 'absent') return ABSENT;
  return {
    kind: 'paused',
    download: {
      variant: variant.id,
      name,
      n_bytes: state.n_bytes,
      total_bytes: variant.download_bytes ?? 0,
      state: { kind: 'paused' },
    },
  };
}

function onDisk({ state }: OfferedVariant): number | null {
  return state.kind === 'here' ? state.n_bytes : null;
}

/** How much of what is being done now is done, from 0 to 1; null where nobody can tell. */
export function shareOf({ state, n_bytes, total_bytes }: Download): number | null {
  if (state.kind === 'converting') return within(state.share);
  if (state.kind === 'asking' || state.kind === 'verifying' || total_bytes === 0) return null;
  return within(n_bytes / total_bytes);
}

const within = (share: number) => Math.min(1, Math.max(0, share));

/** Seconds until it is ready; null where nobody can tell. */
export function remainingOf({ state }: Download): number | null {
  return state.kind === 'fetching' || state.kind === 'converting' ? state.remaining_secs : null;
}
