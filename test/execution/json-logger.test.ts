import { expect, it } from "vitest";
import { jsonLogger, logLevelOf } from "../../sdk/execution/json-logger.ts";

it("a line is one object: level, time, message, and the fields", () => {
  const lines: string[] = [];
  jsonLogger(
    (line) => lines.push(line),
    () => 0,
  ).warn("late", { by: 3 });
  expect(lines).toEqual(['{"level":"warn","time":"1970-01-01T00:00:00.000Z","message":"late","by":3}']);
});

it.each([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
] as const)("from %s on", (least, written) => {
  const lines: string[] = [];
  const log = jsonLogger(
    (line) => lines.push(JSON.parse(line).level),
    () => 0,
    least,
  );
  for (const level of ["debug", "info", "warn", "error"] as const) log[level]("a line");
  expect(lines).toEqual(written);
});

it.each([
  ["TRACE", "debug"],
  ["DEBUG", "debug"],
  ["INFO", "info"],
  ["WARN", "warn"],
  ["FATAL", "error"],
  ["", "info"],
  [undefined, "info"],
])("AWS_LAMBDA_LOG_LEVEL=%s means %s", (name, level) => {
  expect(logLevelOf(name)).toBe(level);
});
