import type { WriteStream } from "node:tty";
import { stripVTControlCharacters, styleText } from "node:util";
import type { RunStatus, SerializedError, StepStatus } from "../sdk/protocol/index.ts";

/** How things look. Colours are left out by `styleText` where nobody sees them: in pipes, and with NO_COLOR. */

type Style = Parameters<typeof styleText>[0];

export const paint = (style: Style, text: string, stream: WriteStream = process.stdout): string =>
  styleText(style, text, { stream });

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

const STATUS_STYLES: Readonly<Record<RunStatus | StepStatus, Style>> = {
  queued: "gray",
  running: "cyan",
  retrying: "yellow",
  sleeping: "blue",
  waiting: "blue",
  completed: "green",
  failed: "red",
  cancelled: "magenta",
  skipped: "gray",
};

export const paintStatus = (status: RunStatus | StepStatus, width = 0): string =>
  paint(STATUS_STYLES[status], status.padEnd(width));

/** `2026-11-21 09:13:40`, in this machine's zone. */
export const dateTime = (ms: number): string => {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time(ms)}`;
};

/** `09:13:40`, in this machine's zone. */
export const time = (ms: number): string => {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
};

const two = (value: number): string => String(value).padStart(2, "0");

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** `12ms`, `3.4s`, `2m 5s`, `1d 3h`: the two largest units. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  const [[unit, size], [nextUnit, nextSize] = ["s", 1_000]] = [UNITS[first] ?? UNITS[3], UNITS[first + 1]];
  const rest = Math.floor((ms % size) / nextSize);
  return `${Math.floor(ms / size)}${unit}${rest === 0 ? "" : ` ${rest}${nextUnit}`}`;
}

/** On one line, cut to so many characters. */
export function short(text: string, charsMax = 60): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1)}…`;
}

export const shortJson = (value: unknown, charsMax?: number): string =>
  value === undefined || value === null ? "" : short(JSON.stringify(value), charsMax);

export const errorLine = ({ name, message, code }: SerializedError, charsMax?: number): string =>
  short(`${name}: ${message}${code === undefined ? "" : ` [${code}]`}`, charsMax);

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => width(row[i] ?? ""))));
  const cell = (text: string, i: number) => text + " ".repeat((widths[i] ?? 0) - width(text));
  return rows.map((row) => row.map(cell).join("  ").trimEnd());
}

/** What is painted is as wide as it looks. */
const width = (text: string): number => stripVTControlCharacters(text).length;
