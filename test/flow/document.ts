import type { Option } from "../../sim/workloads/flow/rules.ts";
import { codeIn, rowsOf } from "../docs-tables.ts";

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
