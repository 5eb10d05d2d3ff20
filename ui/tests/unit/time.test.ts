import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatParams, formatRemaining, formatSecs } from '../../src/lib/format';
import { formatTime, parsePlace } from '../../src/lib/time';

test.each([
  [0, false, '0:00'],
  [12.48, true, '0:12.480'],
  [59.9999, true, '0:59.999'],
  [59.9999, false, '0:59'],
  [60, false, '1:00'],
  [3600, false, '1:00:00'],
  [3723.5, true, '1:02:03.500'],
  [-1, false, '0:00'],
])('%s s is written %s', (secs, with_millis, expected) => {
  expect(formatTime(secs, with_millis)).toBe(expected);
});

test('every thousandth of a second survives being written and read', () => {
  for (let millis = 0; millis < 7_300_000; millis += 997) {
    const place = parsePlace(formatTime(millis / 1000, true));
    expect(place).toEqual({ kind: 'time', secs: expect.closeTo(millis / 1000, 6) });
  }
});

test.each([
  ['72', 72],
  ['72.5', 72.5],
  [' 1:12 ', 72],
  ['1:12.480', 72.48],
  ['1:12,480', 72.48],
  ['1:02:03', 3723],
  ['1m12s', 72],
  ['1 h 2 m 3 s', 3723],
  ['90s', 90],
  ['.5', 0.5],
])('%j is a time', (input, secs) => {
  expect(parsePlace(input)).toEqual({ kind: 'time', secs: expect.closeTo(secs, 9) });
});

test.each([
  ['#812', 812],
  ['f812', 812],
  ['frame 812', 812],
  ['Frame #0', 0],
])('%j is a frame', (input, index) => {
  expect(parsePlace(input)).toEqual({ kind: 'frame', index });
});

test.each(['', ' ', 'now', '1:60', '1:72:00', '1:2:3:4', '-3', '1e3', '#', '1:', '12 apples'])(
  '%j is neither',
  (input) => {
    expect(parsePlace(input)).toBeNull();
  },
);

test('measured and guessed lengths of time', () => {
  expect([0.004, 0.84, 0.996, 9.8, 9.96, 48.2, 125, 120, 4320].map(formatSecs)).toEqual([
    '0.00 s',
    '0.84 s',
    '1.0 s',
    '9.8 s',
    '10 s',
    '48 s',
    '2 min 5 s',
    '2 min',
    '1 h 12 min',
  ]);
  expect([0.1, 4.2, 31, 61, 100, 3000].map(formatRemaining)).toEqual([
    '1 s',
    '5 s',
    '35 s',
    '1.5 min',
    '2 min',
    '50 min',
  ]);
});

test('sizes and counts', () => {
  expect([0, 999, 1000, 310_000_000, 999_900_000, 4_080_000_000, 16e9].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '310 MB',
    '1.0 GB',
    '4.1 GB',
    '16 GB',
  ]);
  expect(formatCount(3456)).toBe('3,456');
});

test('weights are counted as their makers do', () => {
  expect([1_200_000, 494_000_000, 999_600_000, 7_060_000_000, 34_400_000_000].map(formatParams)).toEqual([
    '1.2 M',
    '494 M',
    '1 B',
    '7.1 B',
    '34.4 B',
  ]);
});
