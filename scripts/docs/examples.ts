/**
 * The examples of the guides. A block of code in `docs/guides/<guide>.md` stands below `<!-- example: <name> -->`, and is the region of that name
 * in `test/guides/<guide>.test.ts`, where it is run.
 */

const MARK = /^<!-- example: ([\w-]+) -->$/;
const REGION = /^\s*\/\/ #region ([\w-]+)$/;
const END = /^\s*\/\/ #endregion$/;
const FENCE = "```";

/** The regions of a test, by name, without their indentation. @throws Error for one that has no end, or comes twice */
export function regionsOf(source: string): ReadonlyMap<string, string> {
  const regions = new Map<string, string>();
  let open: { readonly name: string; readonly lines: string[] } | undefined;
  for (const line of source.split("\n")) {
    const name = REGION.exec(line)?.[1];
    if (name !== undefined) {
      if (open !== undefined || regions.has(name))
        throw new Error(`The region "${name}" comes twice, or in another one.`);
      open = { name, lines: [] };
    } else if (END.test(line)) {
      if (open === undefined) throw new Error("A region ends that has not begun.");
      regions.set(open.name, dedent(open.lines));
      open = undefined;
    } else open?.lines.push(line);
  }
  if (open !== undefined) throw new Error(`The region "${open.name}" has no end.`);
  return regions;
}

function dedent(lines: readonly string[]): string {
  const widths = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const width = Math.min(...widths);
  return lines
    .map((line) => line.slice(width))
    .join("\n")
    .trim();
}

/** A block of code in a guide. */
export interface Block {
  /** The example that it is to be; undefined for a block that nobody runs. */
  readonly name: string | undefined;
  readonly language: string;
  readonly code: string;
}

interface Place extends Block {
  /** Numbers of the lines between its fences. */
  readonly from: number;
  readonly to: number;
}

export const blocksOf = (guide: string): readonly Block[] => placesOf(guide.split("\n"));

function placesOf(lines: readonly string[]): readonly Place[] {
  const places: Place[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (!line.startsWith(FENCE)) continue;
    const to = lines.indexOf(FENCE, at + 1);
    const [, name] = MARK.exec(lines[at - 1] ?? "") ?? [];
    places.push({
      name,
      language: line.slice(FENCE.length),
      code: lines.slice(at + 1, to).join("\n"),
      from: at + 1,
      to,
    });
    at = to;
  }
  return places;
}

/** A guide with its examples as they are in the test. @throws Error for an example that is not there */
export function withExamples(guide: string, regions: ReadonlyMap<string, string>): string {
  const lines = guide.split("\n");
  for (const { name, from, to } of [...placesOf(lines)].reverse()) {
    if (name === undefined) continue;
    const code = regions.get(name);
    if (code === undefined) throw new Error(`There is no region "${name}".`);
    lines.splice(from, to - from, ...code.split("\n"));
  }
  return lines.join("\n");
}
