import { expect, test } from 'vitest';
import type { Download, DownloadState, OfferedVariant } from '../../src/backend';
import { isComing, remainingOf, shareOf, standing } from '../../src/lib/downloads';

const variant: OfferedVariant = {
  id: 'small:Q8_0',
  quantisation: 'Q8_0',
  download_bytes: 1000,
  is_converted: false,
  instead: null,
  fits: [],
  state: { kind: 'absent' },
};
const download = (state: DownloadState, n_bytes = 250, total_bytes = 1000): Download => ({
  ...{ variant: variant.id, name: 'Small Q8_0', n_bytes, total_bytes, state },
});
const fetching = (remaining_secs: number | null): DownloadState => ({
  ...{ kind: 'fetching', bytes_per_sec: 10, remaining_secs, is_retrying: false },
});
const error = { code: 'disk-full', message: 'no room', hint: null } as const;

test('what is told of a download comes before what lay on the disk', () => {
  expect(standing(variant, 'Small', null)).toEqual({ kind: 'absent' });
  const partial: OfferedVariant = { ...variant, state: { kind: 'partial', n_bytes: 400 } };
  expect(standing(partial, 'Small', null)).toMatchObject({
    kind: 'paused',
    download: { name: 'Small', n_bytes: 400, total_bytes: 1000 },
  });
  expect(standing(partial, 'Small', download(fetching(3)))).toMatchObject({ kind: 'coming' });
  expect(standing(variant, 'Small', download({ kind: 'failed', error }))).toMatchObject({
    kind: 'failed',
    state: { error },
  });
  const here: OfferedVariant = { ...variant, state: { kind: 'here', model: 'm', n_bytes: 1000 } };
  expect(standing(here, 'Small', null)).toEqual({ kind: 'here', model: 'm', n_bytes: 1000 });
  expect(standing(variant, 'Small', download({ kind: 'done', model: 'm' }))).toEqual({
    ...{ kind: 'here', model: 'm', n_bytes: null },
  });
});

test('something is done for it until it is paused, failed or here', () => {
  const kinds: DownloadState[] = [
    { kind: 'asking' },
    fetching(1),
    { kind: 'verifying' },
    { kind: 'converting', share: 0, remaining_secs: null },
    { kind: 'paused' },
    { kind: 'failed', error },
    { kind: 'done', model: 'm' },
  ];
  expect(kinds.map(isComing)).toEqual([true, true, true, true, false, false, false]);
});

test('the share is of what is being done now, and of nothing where nobody knows', () => {
  expect(shareOf(download(fetching(3)))).toBe(0.25);
  expect(shareOf(download({ kind: 'paused' }, 2000))).toBe(1);
  expect(shareOf(download(fetching(3), 250, 0))).toBeNull();
  expect(shareOf(download({ kind: 'verifying' }))).toBeNull();
  expect(shareOf(download({ kind: 'converting', share: 0.5, remaining_secs: 9 }))).toBe(0.5);
  expect(remainingOf(download({ kind: 'converting', share: 0.5, remaining_secs: 9 }))).toBe(9);
  expect(remainingOf(download({ kind: 'paused' }))).toBeNull();
});
