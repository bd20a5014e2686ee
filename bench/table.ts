import type { Machine } from "./machine.ts";
import type { Measured, Summary } from "./measure.ts";
import type { Aim } from "./workload.ts";

/** The figures as a Markdown table, so that they can be pasted into a document. */
export function renderTable(measured: readonly Measured[], { cpu, cores, memoryGb, node }: Machine): string {
  const rows = measured.flatMap(({ name, title, figures }) =>
    figures.map((figure, i) => [i === 0 ? `${name} ${title}` : "", ...cellsOf(figure)]),
  );
  const table = align([["workload", "figure", "median", "min … max", "aim", "others"], ...rows]);
  return `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}\n\n${table}\n`;
}

function cellsOf({ name, unit, median, min, max, aim, met, others = "" }: Summary): readonly string[] {
  const spread = min === max ? "" : `${format(min)} … ${format(max)}`;
  const goal = aim === undefined ? "" : `${boundOf(aim)}: ${met ? "met" : "missed"}`;
  return [name, `${format(median)} ${unit}`, spread, goal, others];
}

const boundOf = (aim: Aim): string => ("atMost" in aim ? `≤ ${format(aim.atMost)}` : `≥ ${format(aim.atLeast)}`);

/** Three digits that matter, and never fewer than the integer has. */
function format(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
