import { lexer, type Token, type Tokens, type TokensList } from 'marked';
import { findTimes, type NamedTime } from './timelinks';

/**
 * An answer's Markdown as a tree that the page draws element by element. There is no HTML in it: tags that a model
 * writes are words, links show their address and lead nowhere, pictures are their description.
 */
export type Block =
  | { kind: 'paragraph'; content: Inline[] }
  | { kind: 'heading'; level: number; content: Inline[] }
  | { kind: 'list'; is_ordered: boolean; start: number; items: Block[][] }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'code'; text: string }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'time'; time: NamedTime }
  | { kind: 'strong' | 'emphasis' | 'struck'; content: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'address'; content: Inline[]; address: string }
  | { kind: 'break' };

/** Deeper nesting than this is drawn flat: an answer of nothing but `>` must not overflow the stack. */
const MAX_DEPTH = 12;

/** Reads Markdown, whole or as far as it has come; moments up to `duration_secs` become `time`. */
export function parseMarkdown(text: string, duration_secs: number): Block[] {
  try {
    return blocks(lexed(tamed(text)), { duration_secs }, 0);
  } catch {
    // The parser recurses, so some thousand opening marks exhaust its stack. Nobody reads those as Markdown.
    return [{ kind: 'paragraph', content: [{ kind: 'text', text }] }];
  }
}

/**
 * Reads a text while it grows, and always as `parseMarkdown` reads all of it. Blocks that nothing to come can change are
 * read once, and stay the very same objects.
 */
export class GrowingMarkdown {
  #duration_secs = 0;
  /** The beginning of the text that is read for good, and what it came to. */
  #finished = '';
  #blocks: Block[] = [];

  parse(text: string, duration_secs: number): Block[] {
    if (duration_secs !== this.#duration_secs || !text.startsWith(this.#finished)) {
      this.#duration_secs = duration_secs;
      this.#finished = '';
      this.#blocks = [];
    }
    const context = { duration_secs };
    const open = text.slice(this.#finished.length);
    try {
      const tokens = lexed(tamed(open));
      // A definition gives a meaning to words before it, too.
      if (Object.keys(tokens.links).length > 0) return parseMarkdown(text, duration_secs);
      const { n_tokens, n_chars } = finishedPart(open, tokens);
      const rest = blocks(tokens.slice(n_tokens), context, 0);
      this.#blocks = [...this.#blocks, ...blocks(tokens.slice(0, n_tokens), context, 0)];
      this.#finished += open.slice(0, n_chars);
      return [...this.#blocks, ...rest];
    } catch {
      return parseMarkdown(text, duration_secs);
    }
  }
}

/**
 * A line that begins with a label that is not closed yet, or with a definition whose title may be: what is to come may
 * make both into a definition, over empty lines. `[0:12]: A man` is neither.
 */
const MAY_DEFINE =
  /^ {0,3}\[(?:\\[\s\S]|[^[\]\\])*(?:(?![\s\S])|\]:(?! *(?:\n[ \t]*\n|(?:\n[ \t]*)?[^\s<]\S* +[^\s"'(])))/mu;
/** The parser takes no address for a link from here to the end of an `a`, across blocks. */
const OPENS_LINK = /<a /iu;

/**
 * How much of `source` is read for good: up to the last empty line after which a whole line begins something new without
 * being indented.
 */
function finishedPart(source: string, tokens: Token[]): { n_tokens: number; n_chars: number } {
  let part = { n_tokens: 0, n_chars: 0 };
  if (MAY_DEFINE.test(source) || OPENS_LINK.test(source)) return part;
  const n_in_whole_lines = source.lastIndexOf('\n') + 1;
  let at = 0;
  for (const [number, token] of tokens.entries()) {
    const before = tokens[number - 1];
    const is_apart = before?.type === 'space' && before.raw.length > 1;
    // Lists take a line of any white space for an empty one.
    if (is_apart && at < n_in_whole_lines && /\S/u.test(source[at] ?? '')) {
      part = { n_tokens: number, n_chars: at };
    }
    // What was tamed, or had other ends of lines, is no longer the text that came.
    if (!source.startsWith(token.raw, at)) break;
    at += token.raw.length;
  }
  return part;
}

function lexed(source: string): TokensList {
  return lexer(source, { gfm: true, breaks: true });
}

interface Context {
  duration_secs: number;
}

/** Runs of quote marks are shortened before they are parsed, because the parser itself recurses. */
function tamed(text: string): string {
  return text.replace(/^(?:[ \t]*>){12,}/gmu, '> '.repeat(MAX_DEPTH));
}

function blocks(tokens: Token[], context: Context, depth: number): Block[] {
  return tokens.flatMap((token): Block[] => {
    if (depth > MAX_DEPTH) return [{ kind: 'paragraph', content: [{ kind: 'text', text: token.raw }] }];
    switch (token.type) {
      case 'space':
      case 'def':
        return [];
      case 'hr':
        return [{ kind: 'rule' }];
      case 'code':
        return [{ kind: 'code', text: (token as Tokens.Code).text }];
      case 'heading': {
        const heading = token as Tokens.Heading;
        return [
          { kind: 'heading', level: heading.depth, content: inlines(heading.tokens, context, depth + 1) },
        ];
      }
      case 'blockquote':
        return [{ kind: 'quote', blocks: blocks((token as Tokens.Blockquote).tokens, context, depth + 1) }];
      case 'list': {
        const list = token as Tokens.List;
        return [
          {
            kind: 'list',
            is_ordered: list.ordered,
            start: Number(list.start) || 1,
            items: list.items.map((item) => blocks(item.tokens, context, depth + 1)),
          },
        ];
      }
      case 'table': {
        const table = token as Tokens.Table;
        const cell = (one: Tokens.TableCell) => inlines(one.tokens, context, depth + 1);
        return [
          { kind: 'table', head: table.header.map(cell), rows: table.rows.map((row) => row.map(cell)) },
        ];
      }
      case 'paragraph':
      case 'text': {
        const inner = (token as Tokens.Text).tokens;
        const content =
          inner === undefined
            ? words((token as Tokens.Text).text, context)
            : inlines(inner, context, depth + 1);
        return content.length === 0 ? [] : [{ kind: 'paragraph', content }];
      }
      default:
        // Raw HTML and whatever the parser may learn: shown as it was written.
        return [{ kind: 'paragraph', content: [{ kind: 'text', text: token.raw.trim() }] }];
    }
  });
}

function inlines(tokens: Token[], context: Context, depth: number): Inline[] {
  return tokens.flatMap((token): Inline[] => {
    if (depth > MAX_DEPTH) return [{ kind: 'text', text: token.raw }];
    const inner = () => inlines((token as Tokens.Strong).tokens, context, depth + 1);
    switch (token.type) {
      case 'strong':
        return [{ kind: 'strong', content: inner() }];
      case 'em':
        return [{ kind: 'emphasis', content: inner() }];
      case 'del':
        return [{ kind: 'struck', content: inner() }];
      case 'codespan':
        return [{ kind: 'code', text: (token as Tokens.Codespan).text }];
      case 'br':
        return [{ kind: 'break' }];
      case 'link': {
        const link = token as Tokens.Link;
        return [{ kind: 'address', content: inner(), address: link.href }];
      }
      case 'image': {
        const image = token as Tokens.Image;
        return [{ kind: 'address', content: [{ kind: 'text', text: image.text }], address: image.href }];
      }
      case 'escape':
        return [{ kind: 'text', text: (token as Tokens.Escape).text }];
      case 'text': {
        const text = token as Tokens.Text;
        return text.tokens === undefined
          ? words(text.text, context)
          : inlines(text.tokens, context, depth + 1);
      }
      default:
        return [{ kind: 'text', text: token.raw }];
    }
  });
}

function words(text: string, context: Context): Inline[] {
  return findTimes(text, context.duration_secs).map((piece) => piece);
}

/** Every moment that a tree names, in the order of reading. */
export function namedTimes(tree: Block[]): NamedTime[] {
  const found: NamedTime[] = [];
  const inline = (content: Inline[]) => {
    for (const one of content) {
      if (one.kind === 'time') found.push(one.time);
      else if ('content' in one) inline(one.content);
    }
  };
  const block = (one: Block) => {
    if (one.kind === 'paragraph' || one.kind === 'heading') inline(one.content);
    else if (one.kind === 'list') one.items.forEach((item) => item.forEach(block));
    else if (one.kind === 'quote') one.blocks.forEach(block);
    else if (one.kind === 'table') [one.head, ...one.rows].forEach((row) => row.forEach(inline));
  };
  tree.forEach(block);
  return found;
}
