import { expect, test } from 'vitest';
import { findChoices } from '../../src/lib/choices';

const pan = { question: 'What is in the pan?', options: ['Eggs', 'Bread', 'Rice'] };

test.each([
  ['What is in the pan?\nA. Eggs\nB. Bread\nC. Rice', pan],
  ['What is in the pan?\n(A) Eggs\n(B) Bread\n(C) Rice\n', pan],
  ['What is in the pan? A) Eggs B) Bread C) Rice', pan],
  ['What is in the pan? a) Eggs, b) Bread, c) Rice', pan],
  ['What is in the pan?\n1. Eggs\n2. Bread\n3. Rice', pan],
  ['What is in the pan?\nOptions:\nA: Eggs\nB: Bread\nC: Rice', pan],
])('%j lists options', (text, expected) => {
  expect(findChoices(text)).toEqual(expected);
});

test.each([
  'What happens after the pan goes on the stove?',
  'What is plan B. Is it in the clip?',
  'Is it vitamin A. or vitamin C. that he names?',
  'A. Eggs\nB. Bread',
  'What is it? A. Eggs',
  'What is it? B. Eggs C. Bread',
  'Describe 1. the man',
  'I saw a dog. Where did it go?',
])('%j is an open question', (text) => {
  expect(findChoices(text)).toBeNull();
});

test('options keep their own punctuation', () => {
  const found = findChoices('Which?\nA. He waits, then goes.\nB. 3.5 s; no more;');
  expect(found?.options).toEqual(['He waits, then goes.', '3.5 s; no more']);
});
