import { expect, test } from 'vitest';
import { namedTimes, parseMarkdown, type Block, type Inline } from '../../src/lib/markdown';

const flat = (tree: Block[]): string => JSON.stringify(tree);

test('what an answer usually has', () => {
  expect(parseMarkdown('**Two** eggs at 0:12.\n\n- one\n- `two`\n\n1. a', 60)).toEqual([
    {
      kind: 'paragraph',
      content: [
        { kind: 'strong', content: [{ kind: 'text', text: 'Two' }] },
        { kind: 'text', text: ' eggs at ' },
        { kind: 'time', time: { text: '0:12', secs: 12, unit_secs: 1 } },
        { kind: 'text', text: '.' },
      ],
    },
    {
      kind: 'list',
      is_ordered: false,
      start: 1,
      items: [
        [{ kind: 'paragraph', content: [{ kind: 'text', text: 'one' }] }],
        [{ kind: 'paragraph', content: [{ kind: 'code', text: 'two' }] }],
      ],
    },
    {
      kind: 'list',
      is_ordered: true,
      start: 1,
      items: [[{ kind: 'paragraph', content: [{ kind: 'text', text: 'a' }] }]],
    },
  ]);
});

// The tree can only hold kinds that the page draws as elements of its own, so an attack can at most become words.
const KINDS = new Set(
  'paragraph heading list quote code table rule text time strong emphasis struck address break'.split(' '),
);
function kindsOf(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) value.forEach((one) => kindsOf(one, found));
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'kind') found.add(String(inner));
      else if (name !== 'time') kindsOf(inner, found);
    }
  }
  return found;
}

test.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  'a <b onclick="x()">bold</b> word',
  '[click](javascript:alert(1))',
  '![x](javascript:alert(1) "t")',
  '<javascript:alert(1)>',
  '[a]: javascript:alert(1)\n\n[a]',
  '<svg/onload=alert(1)>\n\n<iframe srcdoc="<script>1</script>">',
  '<style>*{display:none}</style>',
  '| a |\n|---|\n| <img src=x onerror=1> |',
  '&lt;script&gt;',
])('%j becomes words', (text) => {
  const tree = parseMarkdown(text, 60);
  expect([...kindsOf(tree)].filter((kind) => !KINDS.has(kind))).toEqual([]);
});

test('tags are shown as they were written', () => {
  expect(flat(parseMarkdown('a <b>bold</b> word', 60))).toContain('<b>');
  expect(flat(parseMarkdown('<div>x</div>', 60))).toContain('<div>x</div>');
});

test('an address stays readable and is never a link of the tree', () => {
  const content = (parseMarkdown('[click](https://example.org/)', 60)[0] as { content: Inline[] }).content;
  expect(content).toEqual([
    { kind: 'address', content: [{ kind: 'text', text: 'click' }], address: 'https://example.org/' },
  ]);
});

test('every beginning of an answer can be drawn', () => {
  const answer =
    '# Eggs\n\n**bold _and_** `code`\n\n```\nblock\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n\n1. x\n   - y 0:12';
  for (let length = 0; length <= answer.length; length++) {
    expect(() => parseMarkdown(answer.slice(0, length), 60)).not.toThrow();
  }
});

test.each(['>', '- ', '[', '**', '`', '<', '_a', '1. '])(
  'ten thousand %j neither overflow nor take long',
  (mark) => {
    const began = performance.now();
    expect(() => parseMarkdown(mark.repeat(10_000), 60)).not.toThrow();
    expect(performance.now() - began).toBeLessThan(20_000);
  },
);

test('moments are found wherever they stand, but not in code', () => {
  const tree = parseMarkdown('# 0:01\n\n> **0:02**\n\n- 0:03\n\n| 0:04 |\n|---|\n| 0:05 |\n\n`0:06`', 60);
  expect(namedTimes(tree).map((time) => time.secs)).toEqual([1, 2, 3, 4, 5]);
});
