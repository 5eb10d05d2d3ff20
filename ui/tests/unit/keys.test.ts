import { expect, test } from 'vitest';
import { BINDINGS, commandFor, keyOf, shownKeys, type KeyPress } from '../../src/lib/keys';

const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({ key, ...none, ...held });
const anywhere = { is_typing: false, is_on_control: false, is_on_slider: false, is_mac: false };

test.each([
  [press(' '), 'play-pause'],
  [press('k'), 'play-pause'],
  [press('K'), 'play-pause'],
  [press(','), 'previous-frame'],
  [press('.'), 'next-frame'],
  [press('i'), 'set-in'],
  [press('I', { shiftKey: true }), 'go-in'],
  [press('?', { shiftKey: true }), 'help'],
  [press('+', { shiftKey: true }), 'zoom-in'],
  [press('ArrowRight', { altKey: true }), 'next-given'],
  [press('o', { ctrlKey: true }), 'open'],
  [press('O', { ctrlKey: true, shiftKey: true }), 'new-chat'],
] as const)('%j is %s', (key, command) => {
  expect(commandFor(key, anywhere)).toBe(command);
});

test('keys with another modifier belong to somebody else', () => {
  expect(commandFor(press('c', { ctrlKey: true }), anywhere)).toBeNull();
  expect(commandFor(press('f', { metaKey: true }), anywhere)).toBeNull();
});

test('while words are typed only chords and Escape are heard', () => {
  const typing = { ...anywhere, is_typing: true };
  expect(commandFor(press('k'), typing)).toBeNull();
  expect(commandFor(press('/'), typing)).toBeNull();
  expect(commandFor(press('?', { shiftKey: true }), typing)).toBeNull();
  expect(commandFor(press('Escape'), typing)).toBe('stop');
  expect(commandFor(press('o', { ctrlKey: true }), typing)).toBe('open');
});

test('a focused button keeps Space, a focused slider its arrows', () => {
  const control = { ...anywhere, is_on_control: true };
  expect(commandFor(press(' '), control)).toBeNull();
  expect(commandFor(press('ArrowLeft'), control)).toBeNull();
  expect(commandFor(press(','), control)).toBe('previous-frame');
  const slider = { ...anywhere, is_on_slider: true };
  expect(commandFor(press('ArrowLeft'), slider)).toBeNull();
  expect(commandFor(press(' '), slider)).toBe('play-pause');
});

test('Command takes the place of Control on macOS', () => {
  const mac = { ...anywhere, is_mac: true };
  expect(commandFor(press('o', { metaKey: true }), mac)).toBe('open');
  expect(commandFor(press('o', { ctrlKey: true }), mac)).toBeNull();
});

test('no key has two meanings, no command two entries', () => {
  const bindings = Object.values(BINDINGS).flat();
  const keys = bindings.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(bindings.map((binding) => binding.command)).size).toBe(bindings.length);
});

test('keys as people read them', () => {
  expect(shownKeys('Mod+Shift+O', false)).toBe('Ctrl+Shift+O');
  expect(shownKeys('Mod+Shift+O', true)).toBe('⌘⇧O');
  expect(shownKeys('+', false)).toBe('+');
  expect(keyOf('next-frame', false)).toBe('.');
});
