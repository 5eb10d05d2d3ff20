import { describe, expect, test } from 'vitest';
import { saidOnce } from '../../src/lib/repetition';

describe('what is said over and over is told once', () => {
  test.each([
    ['white '.repeat(32), 'white'],
    ['The sky is white. white white white white', 'The sky is white. white'],
    ['A red star. A red star. A red star. A red', 'A red star.'],
    ['First.\n\n1. a dog\n2. a cat\n2. a cat\n2. a cat', 'First.\n\n1. a dog\n2. a cat'],
    ['白'.repeat(40), '白'],
  ])('%j', (text, once) => {
    expect(saidOnce(text)).toBe(once);
  });

  test.each(['', 'white', 'white white', 'A dog, a cat and a dog', 'It moves. Then it moves back.'])(
    'whatever does not repeat itself is left alone: %j',
    (text) => {
      expect(saidOnce(text)).toBeNull();
    },
  );
});
