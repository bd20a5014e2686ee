/** Regular expressions that `matches` may use. JavaScript's engine backtracks, so a pattern is admitted only if its work is bounded. */

/** Characters of a pattern. */
const PATTERN_CHARS_MAX = 256;
/** The most that a pattern's work may grow: with the square of the text. */
const POWER_MAX = 2;
/** Product of the choices that bounded quantifiers (`?`, `{1,3}`) leave open. */
const CHOICES_MAX = 64;
const REPEAT_MAX = 100;

const ATOM = /\\[dDwWsStnr]|\\[^A-Za-z0-9]|\[\^?(?:\\[dDwWsStnr]|\\[^A-Za-z0-9]|[^\]\\])+\]|[^\\^$()|[\]{}*+?]/uy;
const QUANTIFIER = /([*+?])|\{(\d{1,3})(,(\d{1,3})?)?\}/y;

/** What a pattern costs at worst: the text's length to the power, times the choices. */
export interface Pattern {
  readonly power: number;
  readonly choices: number;
}

/** A pattern's price, or why it is refused, as a sentence. */
export type PatternReading = Pattern | { readonly problem: string };

/**
 * Reads a pattern made of characters, classes, `.`, anchors at its ends, and quantifiers on one of these. Groups, alternatives, back
 * references and lazy quantifiers are refused, and so is more than one unbounded quantifier, or two after a `^`.
 *
 * @example
 * ```ts
 * readPattern("^[a-z]+-[0-9]+$"); // { power: 2, choices: 1 }
 * readPattern("(a+)+$"); // { problem: "…" }
 * ```
 */
export function readPattern(pattern: string): PatternReading {
  if (pattern.length > PATTERN_CHARS_MAX) return { problem: `it is longer than ${PATTERN_CHARS_MAX} characters.` };
  const anchored = pattern.startsWith("^");
  const end = pattern.endsWith("$") && !/(?:^|[^\\])(?:\\\\)*\\\$$/.test(pattern) ? pattern.length - 1 : pattern.length;
  let power = anchored ? 0 : 1; // without an anchor, every place of the text is a start
  let choices = 1;
  for (let at = anchored ? 1 : 0; at < end; ) {
    ATOM.lastIndex = at;
    if (!ATOM.test(pattern)) return { problem: unreadable(pattern, at) };
    at = ATOM.lastIndex;
    QUANTIFIER.lastIndex = at;
    const quantifier = QUANTIFIER.exec(pattern);
    if (quantifier === null) continue;
    at = QUANTIFIER.lastIndex;
    const count = choicesOf(quantifier);
    if (count === undefined) return { problem: `it repeats more than ${REPEAT_MAX} times. Use + or *.` };
    if (count === Number.POSITIVE_INFINITY) power += 1;
    else choices *= count;
  }
  if (power > POWER_MAX)
    return { problem: "it has too many unbounded quantifiers: write at most one, or two after a leading ^." };
  if (choices > CHOICES_MAX)
    return { problem: "it has too many optional parts: write them out, or use startsWith and contains." };
  return compiles(pattern) ? { power, choices } : { problem: "it is not a regular expression." };
}

/** How many lengths a quantifier allows. */
function choicesOf([, symbol, from = "", comma, to]: RegExpExecArray): number | undefined {
  if (symbol !== undefined) return symbol === "?" ? 2 : Number.POSITIVE_INFINITY;
  const least = Number(from);
  if (comma !== undefined && to === undefined) return least > REPEAT_MAX ? undefined : Number.POSITIVE_INFINITY;
  const most = Number(to ?? from);
  return most > REPEAT_MAX || most < least ? undefined : most - least + 1;
}

function unreadable(pattern: string, at: number): string {
  const found = JSON.stringify(pattern.slice(at, at + 2));
  const allowed =
    "characters, classes such as [a-z], ., \\d, a leading ^, a trailing $, and one quantifier (* + ? {n,m}) on each";
  return `it has ${found} at character ${at + 1}. Only these are allowed: ${allowed}.`;
}

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}
