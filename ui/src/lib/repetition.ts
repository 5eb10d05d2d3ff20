/** Longest thing that is looked for, in words or letters. */
const MAX_UNIT = 80;
const MIN_TIMES = 3;

/** What was said, each thing that it ends with over and over once; null where it does not. */
export function saidOnce(text: string): string | null {
  const words = text.trim().split(/(?<=\s)(?=\S)/u);
  const by_words = lengthOnce(words.map((word) => word.trim()));
  if (by_words !== null) return words.slice(0, by_words).join('').trim();
  // Not every script sets its words apart.
  const letters = [...text.trim()];
  const by_letters = lengthOnce(letters);
  return by_letters === null ? null : letters.slice(0, by_letters).join('').trim();
}

/** How many of the parts are left when what the end repeats is said once: that which takes up most of them. */
function lengthOnce(parts: string[]): number | null {
  let best: { covered: number; left: number } | null = null;
  for (let unit = 1; unit <= Math.min(MAX_UNIT, Math.floor(parts.length / MIN_TIMES)); unit++) {
    let at = parts.length - 1;
    while (at >= unit && parts[at] === parts[at - unit]) at -= 1;
    // From `at - unit + 1` on everything is that of one unit before.
    const covered = parts.length - (at - unit + 1);
    if (covered < unit * MIN_TIMES) continue;
    if (best === null || covered > best.covered) best = { covered, left: parts.length - covered + unit };
  }
  return best?.left ?? null;
}
