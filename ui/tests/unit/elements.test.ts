import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const VIEW = join(import.meta.dirname, '..', '..', 'src', 'view');
/** `let list: HTMLElement;`, for `bind:this`. */
const NEVER_GONE = /\blet \w+: (?:HTML|SVG)\w*;/u;

// A scroll, a timer or a picture may come when a part of the page has left it, and takes its element with it.
test('what is bound to an element says that the element may be gone', () => {
  expect(NEVER_GONE.test('  let list: HTMLElement;')).toBe(true);
  const files = readdirSync(VIEW, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.svelte'),
  );
  expect(files.length).toBeGreaterThan(40);
  const wrong = files.filter((name) => NEVER_GONE.test(readFileSync(join(VIEW, name), 'utf8')));
  expect(wrong).toEqual([]);
});
