/** Makes one page an entry out of the many small ones of api-documenter, and plain tables out of those in HTML. */

/** A page as api-documenter writes it, by the name of its file without `.md`. */
export type Pages = ReadonlyMap<string, string>;

/** What each page begins with: the tool's mark, and the way to it. */
const HEAD = /^<!-- Do not edit[^\n]*-->\n+|^\[Home\]\(\.\/index\.md\)[^\n]*\n+/gm;

/** The page of an entry: its list of names, then what each name is. */
export function entryPage(entry: string, title: string, pages: Pages): string {
  const names = [...pages.keys()].filter((name) => name.startsWith(`${entry}.`) && !isField(pages.get(name)));
  const body = names.sort().map((name) => `<a id="${name}"></a>\n\n${deeper(plain(pages.get(name) ?? ""))}`);
  const list = plain(pages.get(entry) ?? "").replace(/^## .* package\n+/, "");
  const known = new Set(names);
  return `${tidy([`# \`${title}\``, list, ...body].join("\n\n")).replaceAll(LINK, (text, words: string, to: string) => {
    if (known.has(to)) return `[${words}](#${to})`;
    // Fields are in the tables of what they belong to.
    return pages.has(to) && to.startsWith(`${entry}.`) ? words : text.replace(to, to.split(".")[0] ?? to);
  })}\n`;
}

const LINK = /\[([^\]]*)\]\(\.\/([\w.]+)\.md\)/g;

const isField = (page: string | undefined): boolean => /^## \S+ property$/m.test(page ?? "");

const plain = (page: string): string => page.replace(HEAD, "").replace(TABLE, (table) => markdownTable(table));

/** Below the page's own heading, and those of its parts below theirs. */
const deeper = (page: string): string =>
  page.replace(/^## (.*)$/gm, (_, heading: string) => (PARTS.includes(heading) ? `**${heading}**` : `## ${heading}`));

const PARTS = ["Example", "Constructors", "Properties", "Methods", "Parameters", "Exceptions", "Remarks"];

const TABLE = /<table>[\s\S]*?<\/table>/g;

/** Without the columns in which nothing stands. */
function markdownTable(table: string): string {
  const rows = [...table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd]>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = ""]) => oneLine(cell)),
  );
  const [head = [], ...body] = rows;
  const kept = head.map((_, i) => body.some((row) => row[i] !== ""));
  const line = (cells: readonly string[]) => `| ${cells.filter((_, i) => kept[i]).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

const oneLine = (cell: string): string =>
  cell
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/(?<!\\)\|/g, "\\|");

const tidy = (page: string): string =>
  page
    .replaceAll("<!-- -->", "")
    .replaceAll("```typescript", "```ts")
    .replaceAll(/[ \t]+$/gm, "")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
