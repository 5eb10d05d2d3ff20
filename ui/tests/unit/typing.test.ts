import { expect, test } from 'vitest';
import { commandFor } from '../../src/lib/keys';
import { TOGETHER_MS, Typing } from '../../src/lib/typing';

const nowhere = { is_typing: false, is_on_control: false, is_on_slider: false, is_mac: false };
const held = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

/** What comes of presses that follow each other every `every_ms`: the commands, and `[words before` where words begin. */
function heard(keys: string, every_ms: number): string[] {
  const typing = new Typing();
  const found: string[] = [];
  let at_ms = 1000;
  for (const key of keys) {
    at_ms += every_ms;
    if (every_ms > TOGETHER_MS) found.push(...typing.rest());
    const meaning = typing.press(key, commandFor({ key, ...held }, nowhere), at_ms);
    if (meaning.kind === 'words') return [...found, `[${meaning.before}`];
    if (meaning.kind === 'command')
      found.push(...meaning.waited, ...(meaning.command ? [meaning.command] : []));
  }
  return [...found, ...typing.rest()];
}

test('a letter without a meaning starts a question, in any script', () => {
  expect(heard('w', 100)).toEqual(['[']);
  expect(heard('W', 1000)).toEqual(['[']);
  expect(heard('щ', 1000)).toEqual(['[']);
  expect(heard('ש', 1000)).toEqual(['[']);
  expect(heard('3', 1000)).toEqual([]);
  expect(heard(';', 1000)).toEqual([]);
});

test.each([
  // The words, the commands that were carried out before they were known as such, and the letters to put back.
  ['please', ['pin-frame', 'faster'], 'pl'],
  [' please', ['play-pause', 'pin-frame'], ' p'],
  ['is it', ['set-in'], 'is'],
  ['it', ['set-in'], 'i'],
  ['are', [], 'a'],
  ['some', [], 'so'],
  ['how', [], ''],
  ['people', ['pin-frame', 'toggle-sees'], 'pe'],
  ['Explain', ['toggle-sees', 'clear-range'], 'Ex'],
] as const)('“%s” typed at once is words', (words, commands, before) => {
  const found = heard(words, 120);
  // “are” and “how” are known by a letter that means nothing.
  expect(found).toEqual([...commands, `[${before}`]);
});

test('what is pressed one after the other is commands', () => {
  expect(heard('please', 500)).toEqual([
    ...['pin-frame', 'faster', 'toggle-sees', 'ask-frame', 'save-frame', 'toggle-sees'],
  ]);
});

test.each([
  ['kl', ['play-pause', 'faster']],
  ['jkl', ['slower', 'play-pause', 'faster']],
  ['llll', ['faster', 'faster', 'faster', 'faster']],
  ['ki', ['play-pause', 'set-in']],
  [' k ', ['play-pause', 'play-pause', 'play-pause']],
  ['i.o', ['set-in', 'next-frame', 'set-out']],
  ['.,.,', ['next-frame', 'previous-frame', 'next-frame', 'previous-frame']],
] as const)('“%s” pressed at once is what players of videos press', (keys, commands) => {
  expect(heard(keys, 100)).toEqual(commands);
});

test('what opens something waits until it is no word', () => {
  const typing = new Typing();
  expect(typing.press('f', 'full-screen', 0)).toEqual({ kind: 'wait' });
  expect(typing.rest()).toEqual(['full-screen']);
  expect(typing.press('g', 'go-to', 1000)).toEqual({ kind: 'wait' });
  // A time follows at once: it is for the sheet that this opens.
  expect(typing.press('0', 'zoom-whole', 1100)).toEqual({
    kind: 'command',
    waited: ['go-to'],
    command: 'zoom-whole',
  });
});
