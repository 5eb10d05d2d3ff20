import { expect, test } from 'vitest';
import { GrowingMarkdown, namedTimes, parseMarkdown, type Block, type Inline } from '../../src/lib/markdown';

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
  30_000,
);

test('moments are found wherever they stand, but not in code', () => {
  const tree = parseMarkdown('# 0:01\n\n> **0:02**\n\n- 0:03\n\n| 0:04 |\n|---|\n| 0:05 |\n\n`0:06`', 60);
  expect(namedTimes(tree).map((time) => time.secs)).toEqual([1, 2, 3, 4, 5]);
});

/** Texts whose later lines give another meaning to earlier ones, or seem to. */
const TELLING = [
  'one\n\ntwo\n\nthree\n',
  'head\n===\n\nnot a\n\n---\n\nhead\n---\n',
  '- a\n\n- b\n\n  c\n\nd\n\n- e\n',
  '1. a\n\n2. b\n\n1) c\n\n12',
  '- a\nlazy\n\nb\nlazy\n\n-\n',
  '- a\n\n* b\n\n+ c\n\n*b*\n',
  '1. a\n\n\f\n\n1.\n b\n',
  '> a\nlazy\n\n> b\n>\n> ```\n> c\n\nd\n\n> e',
  '```\na\n\nb\n```\n\nc\n\n~~~\nd\n\ne',
  'a\n\n    code\n\n    code\n\nb\n\n   c\n\nd\n\n\tcode\n',
  '| a | b |\n|---|---|\n| 1 | 2 |\n\nc | d\n--|--\n3 | 4\n\ne\n',
  'a\nb | c\n--|--d\n\ne\n',
  '# a\nb\n# c\n\n## d\n\n***\n\n* * *\ne\n',
  '[a] and [b][]\n\nc\n\n[a]: /x\n\nd\n\n> [b]: /y\n\ne\n',
  '[a]\n\n[a]: /x "open\n\nstill\n\nshut"\n\nb\n',
  '[a]: /x (open\n\nb\n\nc)\n\n[a]\n',
  '[a\\\n\nb\n\nc]: /x\n\n[a]\n',
  '[a]:\n/x\n"open\n\nb\n\nshut"\n\n[a]\n',
  '[0:12]: The man\n\n[0:15] A cup\n\n[a]: word\n\nb\n',
  '<div>\na\n\nb\n</div>\n\nc\n\n<!-- d\n\ne -->\n\nf\n',
  'an <a href="x"> opens\n\nhttp://example.org\n\nand </a> ends\n\nhttp://example.org\n',
  'two\r\n\r\nlines\r\rthree\r\n\r\nfour\r\n',
  `${'>'.repeat(13)} deep\n\nfour words of it\n\n${'>'.repeat(20)} deep\n\nb\n`,
  '**a\n\nb** `c\n\nd` _e\n\nf_\n',
];
const LINES =
  '|# a|a|===|---|- a|-|* b|1. c|2|  - d|    e|```|~~~|> f|> - g|> ```|a [x] b|[x]: /u|[x]: /u "|"|[x|y]: /u|<div>|<!--|-->|<a b>|www.c.de|c d|--|**h|i**|`j|k`|at 0:12'.split(
    '|',
  );

/** Made up of lines by chance, the same ones every time. */
function* chanceTexts(n_texts: number): Generator<string> {
  let seed = 7;
  const below = (n: number) => Math.floor(((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32) * n);
  for (let text = 0; text < n_texts; text++) {
    const lines = Array.from({ length: 3 + below(9) }, () => LINES[below(LINES.length)] ?? '');
    yield lines.join(below(2) === 0 ? '\n' : '\n\n');
  }
}

test('a growing text is read as the whole is, however it is cut', () => {
  for (const text of [...TELLING, ...chanceTexts(60)]) {
    const whole = Array.from({ length: text.length + 1 }, (_, n) =>
      flat(parseMarkdown(text.slice(0, n), 60)),
    );
    const read = (...ends: number[]) => {
      const growing = new GrowingMarkdown();
      for (const end of ends) {
        if (flat(growing.parse(text.slice(0, end), 60)) !== whole[end]) {
          expect.fail(`${JSON.stringify(text)} cut at ${ends.join(', ')} differs at ${end}`);
        }
      }
    };
    // Letter by letter, and in every two pieces: of more pieces each is one after what two of them have settled.
    read(...Array.from(whole.keys()));
    for (let cut = 0; cut < text.length; cut++) read(cut, text.length);
  }
}, 180_000);

test('what is finished stays the very same, and is not read again', () => {
  const growing = new GrowingMarkdown();
  const before = growing.parse('# a\n\n- b\n- c\n\nd **e**\n\nf\ng', 60);
  const after = growing.parse('# a\n\n- b\n- c\n\nd **e**\n\nf\ng\n\nh', 60);
  expect(before.length).toBe(4);
  expect(after.slice(0, 3).every((block, at) => block === before[at])).toBe(true);
  expect(after[3]).not.toBe(before[3]);
});

test('another text, or another length of the clip, is read anew', () => {
  const growing = new GrowingMarkdown();
  growing.parse('a 0:12\n\nb\n\nc', 5);
  expect(growing.parse('a 0:12\n\nb\n\nc', 60)).toEqual(parseMarkdown('a 0:12\n\nb\n\nc', 60));
  expect(growing.parse('x\n\nb\n\nc', 60)).toEqual(parseMarkdown('x\n\nb\n\nc', 60));
});
