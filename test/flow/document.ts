import { codeIn, rowsOf } from "../docs-tables.ts";
import type { Option } from "./model.ts";

/** The tables of docs/flow-control.md, as tests read them. */
const rows = rowsOf("docs/flow-control.md", "Order of precedence");

export const stages = rows
  .filter(({ stage }) => stage !== undefined)
  .map((row) => ({ option: codeIn(row.option) as Option, fate: row["what it does not let through"] ?? "" }));

/** The options in the order in which they decide. */
export const order = stages.map(({ option }) => option);

export const pairs = rows
  .filter(({ together }) => together !== undefined)
  .map((row) => ({ options: [codeIn(row.one), codeIn(row.other)] as readonly Option[], together: row.together ?? "" }));

export const applying = pairs.filter(({ together }) => together === "both apply");
export const refused = pairs.filter(({ together }) => together.startsWith("refused: "));

/** Whether a function may have all of these options. */
export const areAllowed = (options: readonly Option[]): boolean =>
  !refused.some((pair) => pair.options.every((option) => options.includes(option)));
