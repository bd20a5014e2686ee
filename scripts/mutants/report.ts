import type { Trial } from "./trial.ts";

/** What a line may take of a failing test's name. */
const NAME_CHARS_MAX = 100;

/** The trials as an aligned table, and a line that sums up. */
export function renderTrials(trials: readonly Trial[]): string {
  const rows = trials.map(({ mutant, verdict, about, seconds }) => [
    mutant.name,
    verdict,
    `${seconds.toFixed(1)} s`,
    about.length > NAME_CHARS_MAX ? `${about.slice(0, NAME_CHARS_MAX)}…` : about,
  ]);
  const head = ["mutant", "verdict", "time", "noticed by"];
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const found = trials.filter(({ verdict }) => verdict === "found").length;
  return `${lines.join("\n")}\n\n${found} of ${trials.length} removed guards were noticed.\n`;
}
