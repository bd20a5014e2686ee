/**
 * Proof that the examples of the guides are executed: each function in a region of `test/guides` that has a body in braces notes that it has
 * been called, and after the tests of its file all of them have to be noted.
 */

const GUIDE = /\/test\/guides\/[\w-]+\.test\.ts$/;
const OPENS = /=> \{$/;

/** The plugin of vitest's config. */
export const executedExamples = () => ({
  name: "executed-examples",
  enforce: "pre" as const,
  transform: (code: string, id: string) => (GUIDE.test(id) ? withNotes(code) : undefined),
});

/** Code whose functions in regions note that they are called. Code in a text is no code. */
export function withNotes(code: string): string {
  const places: string[] = [];
  let region: string | undefined;
  let ticks = 0;
  const lines = code.split("\n").map((line, at) => {
    const isText = ticks % 2 === 1;
    ticks += line.split("`").length - 1;
    region = /\/\/ #region ([\w-]+)/.exec(line)?.[1] ?? (/\/\/ #endregion/.test(line) ? undefined : region);
    if (region === undefined || isText || !OPENS.test(line)) return line;
    const place = `${region}, line ${at + 1}: ${line.trim()}`;
    places.push(place);
    return `${line} globalThis.examplesExecuted.set(${JSON.stringify(place)}, true);`;
  });
  const known = JSON.stringify(places.map((place) => [place, false]));
  return `globalThis.examplesExecuted = new Map(${known}); ${lines.join("\n")}`;
}
