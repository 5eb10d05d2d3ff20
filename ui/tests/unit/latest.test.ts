import { expect, test, vi } from 'vitest';
import { Latest } from '../../src/lib/latest';

/** A loader whose requests end when the test says so. */
function slowLoader(abort_older: boolean, n_at_a_time?: number) {
  const started: { want: number; finish: () => void; fail: () => void; signal: AbortSignal }[] = [];
  const shown: number[] = [];
  const failed = vi.fn();
  const latest = new Latest<number, string>(
    {
      run: (want, signal) =>
        new Promise((resolve, reject) => {
          started.push({
            want,
            signal,
            finish: () => resolve(`picture ${want}`),
            fail: () => reject(new Error('no')),
          });
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
      show: (_, want) => shown.push(want),
      failed,
    },
    { abort_older, ...(n_at_a_time === undefined ? {} : { n_at_a_time }) },
  );
  return { latest, started, shown, failed };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

test('a hundred wishes during one request start one more: the newest', async () => {
  const { latest, started, shown } = slowLoader(false);
  for (let want = 0; want <= 100; want++) latest.want(want);
  expect(started.map((one) => one.want)).toEqual([0]);
  started[0]?.finish();
  await settle();
  expect(started.map((one) => one.want)).toEqual([0, 100]);
  started[1]?.finish();
  await latest.idle();
  expect(shown).toEqual([0, 100]);
  expect(latest.is_busy).toBe(false);
});

test('two at a time overlap, and one that comes too late is not shown', async () => {
  const { latest, started, shown } = slowLoader(false, 2);
  for (let want = 1; want <= 4; want++) latest.want(want);
  expect(started.map((one) => one.want)).toEqual([1, 2]);
  started[1]?.finish();
  await settle();
  expect(started.map((one) => one.want)).toEqual([1, 2, 4]);
  started[0]?.finish();
  started[2]?.finish();
  await latest.idle();
  expect(shown).toEqual([2, 4]);
});

test('with abort_older the overtaken request is told to end, and neither shown nor reported', async () => {
  const { latest, started, shown, failed } = slowLoader(true);
  latest.want(1);
  latest.want(2);
  expect(started[0]?.signal.aborted).toBe(true);
  await settle();
  started[1]?.finish();
  await latest.idle();
  expect(shown).toEqual([2]);
  expect(failed).not.toHaveBeenCalled();
});

test('a failure is reported with its wish, and the next one runs', async () => {
  const { latest, started, shown, failed } = slowLoader(false);
  latest.want(1);
  latest.want(2);
  started[0]?.fail();
  await settle();
  started[1]?.finish();
  await latest.idle();
  expect(failed).toHaveBeenCalledExactlyOnceWith(expect.any(Error), 1);
  expect(shown).toEqual([2]);
});

test('after cancel nothing is shown, and a new wish starts again', async () => {
  const { latest, started, shown } = slowLoader(false);
  latest.want(1);
  latest.cancel();
  await latest.idle();
  expect(shown).toEqual([]);
  latest.want(3);
  started[1]?.finish();
  await latest.idle();
  expect(shown).toEqual([3]);
});
