/** A question with the answers to choose from, if it lists some. */
export interface Choices {
  question: string;
  /** Without their letters. */
  options: string[];
}

// A., A), (A), A:, 1., 1), a), at the start of a line or after white space or a sentence's end.
const MARK = /(?:^|(?<=[\s?.;:,]))(?:\(([A-Ha-h1-8])\)|([A-Ha-h1-8])[.):])\s+/gu;

/**
 * Finds listed options: at least two, marked A, B, C, ... (or 1, 2, 3, ...; a, b, c, ...) without a gap, on lines of
 * their own or in a row. A list that begins anywhere else than with the first letter is prose.
 */
export function findChoices(text: string): Choices | null {
  const found = [...text.matchAll(MARK)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    letter: match[1] ?? match[2] ?? '',
  }));
  for (const first of ['A', 'a', '1']) {
    const run: typeof found = [];
    for (const mark of found) {
      const expected = String.fromCharCode(first.charCodeAt(0) + run.length);
      if (mark.letter === expected) run.push(mark);
    }
    if (run.length < 2) continue;
    const begin = run[0];
    if (begin === undefined) continue;
    const options = run.map((mark, number) => {
      const until = run[number + 1]?.start ?? text.length;
      return text.slice(mark.end, until).trim().replace(/[;,]$/u, '').trim();
    });
    const question = text
      .slice(0, begin.start)
      .trim()
      .replace(/\b(?:options|choices|answers)\s*:$/iu, '')
      .trim();
    if (question === '' || options.some((option) => option === '' || option.length > 200)) continue;
    return { question, options };
  }
  return null;
}

/** `A` for the first. */
export function letter(number: number): string {
  return String.fromCharCode(65 + number);
}
