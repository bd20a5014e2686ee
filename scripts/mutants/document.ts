import type { KnownFault } from "../../test/faults/catalogue.ts";
import type { Mutant } from "./patches.ts";

const BEGIN = "<!-- The table is written by `npm run mutants`. -->";
const END = "<!-- The end of the table. -->";
const HEAD = [
  "| | what broke elsewhere | what must hold | the guard that was removed | found |",
  "|---|---|---|---|---|",
];

/** A row for each removed guard, by faults. A guard that was never tried is not found. */
export function tableOf(
  faults: readonly KnownFault[],
  mutants: readonly Mutant[],
  found: ReadonlyMap<string, string>,
): string {
  const rows = faults.flatMap(({ id, happened, holds }) =>
    mutants
      .filter((mutant) => mutant.id === id)
      .map(({ name, guard, test, patch }, i) => {
        const fault = i === 0 ? [`[${id}](../${test})`, happened, holds] : ["", "", ""];
        return `| ${[...fault, `[${name}](../${patch}): ${guard}`, found.get(name) ?? "**no**"].join(" | ")} |`;
      }),
  );
  return [...HEAD, ...rows].join("\n");
}

/** What a document's table says of each mutant. */
export const foundIn = (document: string): ReadonlyMap<string, string> =>
  new Map(
    [...document.matchAll(/^\|.*\| \[((?:fi|b)-[\w-]+)\]\(.*\| (.+) \|$/gm)].map(([, name, found]) => [
      name as string,
      found as string,
    ]),
  );

/** @throws Error when the document has no place for the table */
export function replaceTable(document: string, table: string): string {
  const [before, rest] = document.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error("docs/faults.md has no place for the table.");
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}
