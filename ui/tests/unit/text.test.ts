import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BINDINGS } from '../../src/lib/keys';
import { text } from '../../src/text';

const root = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(?:ts|svelte)$/u.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));
const views = files.filter((path) => path.endsWith('.svelte'));
const source = files
  .filter((path) => !path.includes(join('src', 'text')))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

/** Parts that are looked up by what comes over the seam. */
const BY_NAME = new Set(['preset', 'strategy', 'stage', 'command', 'section', 'next_step', 'theme']);

test('every text of the catalogue is said somewhere', () => {
  const unused = Object.entries(text).flatMap(([part, entries]) => {
    if (BY_NAME.has(part)) return [];
    const names =
      typeof entries === 'object' ? Object.keys(entries).map((name) => `${part}.${name}`) : [part];
    return names.filter((name) => !new RegExp(`text\\.${name.replace('.', '\\.')}\\b`, 'u').test(source));
  });
  expect(unused).toEqual([]);
});

test('every key of the table is explained', () => {
  for (const { command } of Object.values(BINDINGS).flat()) expect(text.command[command]).toBeTruthy();
});

test.each(views.map((path) => [path.slice(root.length + 1), path]))(
  '%s says nothing by itself',
  (_, path) => {
    const markup = readFileSync(path, 'utf8')
      .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/gu, '')
      // What stands in braces is code; braces nest.
      .replace(/\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/gu, '');
    const between = [...markup.matchAll(/>([^<>]*)</gu)].map((match) => match[1] ?? '');
    const attributes = [...markup.matchAll(/\b(?:title|aria-label|placeholder|alt)="([^"]*)"/gu)].map(
      (match) => match[1] ?? '',
    );
    // Signs are the same in every language; keys are named by one table.
    const words = [...between, ...attributes]
      .map((found) => found.replace(/&#?\w+;|\(Enter\)|\(\[ \]\)/gu, '').trim())
      .filter((found) => /\p{L}{2}/u.test(found));
    expect(words).toEqual([]);
  },
);
