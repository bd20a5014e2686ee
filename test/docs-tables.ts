import { readFileSync } from "node:fs";
import { join } from "node:path";

export const readRepository = (path: string): string => readFileSync(join(import.meta.dirname, "..", path), "utf8");

/** A row of a document's table: its cells by the names in the table's head. */
export type Row = Readonly<Record<string, string>>;

/** The rows of all tables of a document, or of one of its sections. */
export function rowsOf(path: string, section?: string): readonly Row[] {
  const document = readRepository(path);
  const text = section === undefined ? document : sectionOf(document, section);
  return text.split(/\n{2,}/).flatMap((block) => {
    const [head, rule, ...body] = block.split("\n").map(cellsOf);
    if (head === undefined || !rule?.every((cell) => /^-+$/.test(cell))) return [];
    const rows = body.filter((cells) => cells.length > 0);
    return rows.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ""])));
  });
}

/** What stands in backticks at the beginning of a cell. */
export const codeIn = (cell: string | undefined): string | undefined => /^`([^`]+)`/.exec(cell ?? "")?.[1];

/** The first number in a cell: `$1,234.5 a month` is 1234.5. */
export function numberIn(cell: string | undefined): number {
  const [digits] = /-?\d[\d,]*(\.\d+)?/.exec(cell ?? "") ?? [];
  return digits === undefined ? Number.NaN : Number(digits.replaceAll(",", ""));
}

function sectionOf(document: string, heading: string): string {
  const [, section] = document.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`The document has no section "${heading}".`);
  return section.split("\n## ")[0] ?? "";
}

const cellsOf = (line: string): readonly string[] => {
  const cells = line.split("|").map((cell) => cell.trim());
  return line.startsWith("|") ? cells.slice(1, -1) : [];
};
