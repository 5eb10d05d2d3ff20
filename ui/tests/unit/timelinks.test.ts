import { expect, test } from 'vitest';
import { findTimes, givenFrame } from '../../src/lib/timelinks';

const times = (text: string, duration_secs = 7200) =>
  findTimes(text, duration_secs).flatMap((piece) => (piece.kind === 'time' ? [piece.time.secs] : []));

test.each([
  ['At 0:12 the cook cracks two eggs.', [12]],
  ['(0:12)', [12]],
  ['From 0:12 to 0:15.5', [12, 15.5]],
  ['0:12–0:15', [12, 15]],
  ['0:12-0:15', [12, 15]],
  ['[01:02:03]', [3723]],
  ['It opens at 12 seconds.', [12]],
  ['at the 12 second mark', [12]],
  ['around 7.5s, the star', [7.5]],
  ['between 3 s and 5 s', [3, 5]],
])('%j names %j', (text, secs) => {
  expect(times(text)).toEqual(secs);
});

test.each([
  'It lasts 12 seconds.',
  'The score is 3:75.',
  'at 12 apples',
  'It is 10:30 am.',
  'ratio 1:2:3:4',
  'A 16:9 picture',
  'version 1.0:12',
  'John 3:16:99',
  'http://host:8:08',
])('%j names no moment', (text) => {
  expect(times(text)).toEqual([]);
});

test('a moment after the end of the clip is not one of this clip', () => {
  expect(times('At 0:12 and 3:10', 60)).toEqual([12]);
});

test('nothing of the text is lost', () => {
  const text = 'At 0:12, then at 3 s; (1:00) — done';
  const again = findTimes(text, 7200).map((piece) => (piece.kind === 'text' ? piece.text : piece.time.text));
  expect(again.join('')).toBe(text);
});

test('a long answer without moments is read in linear time', () => {
  const text = 'at the 1:1 '.repeat(20_000);
  const began = performance.now();
  findTimes(text, 60);
  expect(performance.now() - began).toBeLessThan(10_000);
});

const frames = [0.7, 6.96, 12.6, 12.9, 20].map((pts_secs) => ({ pts_secs }));
const named = (text: string) => {
  const piece = findTimes(text, 60)[0];
  if (piece?.kind !== 'time') throw new Error('no time');
  return piece.time;
};

test('a whole second means the frames that are cut or rounded to it', () => {
  expect(givenFrame(named('0:12'), frames)?.pts_secs).toBe(12.6);
  expect(givenFrame(named('0:13'), frames)?.pts_secs).toBe(12.9);
  expect(givenFrame(named('0:07'), frames)?.pts_secs).toBe(6.96);
  expect(givenFrame(named('0:14'), frames)).toBeNull();
  expect(givenFrame(named('0:19'), frames)).toBeNull();
});

test('a time with decimals means no more than they say', () => {
  expect(givenFrame(named('0:12.6'), frames)?.pts_secs).toBe(12.6);
  expect(givenFrame(named('0:12.8'), frames)).toBeNull();
  expect(givenFrame(named('0:12.900'), frames)?.pts_secs).toBe(12.9);
});

test('without frames nothing is given', () => {
  expect(givenFrame(named('0:12'), [])).toBeNull();
});
