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

/** A remaining time and when it was shown. */
export interface Shown {
  secs: number;
  at_ms: number;
}

/** Of the time that is shown; below it, and below `LEAST_SECS`, a new guess is the old one. */
const TOLERANCE = 0.25;
const LEAST_SECS = 5;
/** How far a shown time gives way to each new guess that is not much different. */
const GIVES_WAY = 0.1;

/** The remaining time to show: a clock that runs down and gives way slowly, unless the guess has changed altogether. */
export function calmed(shown: Shown | null, guess_secs: number, at_ms: number): Shown {
  if (shown === null) return { secs: guess_secs, at_ms };
  const expected_secs = Math.max(0, shown.secs - (at_ms - shown.at_ms) / 1000);
  const off_secs = guess_secs - expected_secs;
  const is_other = Math.abs(off_secs) > Math.max(LEAST_SECS, expected_secs * TOLERANCE);
  return { secs: is_other ? guess_secs : expected_secs + off_secs * GIVES_WAY, at_ms };
}
