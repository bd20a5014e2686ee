/** JSON as people type it: read, or told where it goes wrong. */

/** @throws SyntaxError with the line that is wrong and a mark below the place */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(describe(text, faultOf(text)));
  }
}

const LINE_CHARS_MAX = 60;

function describe(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  const [row, column] = [before.length, (before.at(-1) ?? "").length];
  const line = text.split("\n")[row - 1] ?? "";
  const from = Math.max(0, column - LINE_CHARS_MAX / 2);
  const what =
    at >= text.trimEnd().length ? "it ends too early" : `${JSON.stringify([...text.slice(at)][0])} cannot be there`;
  const mark = " ".repeat(column - from);
  return `line ${row}, column ${column + 1}: ${what}\n${line.slice(from, from + LINE_CHARS_MAX)}\n${mark}^`;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Where JSON goes wrong: the offset of the first token that cannot be there. */
function faultOf(text: string): number {
  let at = 0;
  const skip = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const next = (char: string): boolean => {
    skip(SPACE);
    if (text[at] !== char) return false;
    at++;
    return true;
  };
  const members = (end: string, member: () => boolean): boolean => {
    if (next(end)) return true;
    do if (!member()) return false;
    while (next(","));
    return next(end);
  };
  const key = () => {
    skip(SPACE);
    return text[at] === '"' && skip(SCALAR) !== undefined && next(":") && value();
  };
  const value = (): boolean => {
    if (next("{")) return members("}", key);
    if (next("[")) return members("]", value);
    return skip(SCALAR) !== undefined;
  };
  if (value()) skip(SPACE);
  return at;
}
