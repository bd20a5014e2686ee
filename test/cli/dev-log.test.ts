import { describe, expect, it } from "vitest";
import { devLog } from "../../cli/dev-log.ts";

const NOW = new Date(2026, 10, 21, 9, 5, 3).getTime();
const RUN = { app: "shop", functionId: "order", runId: "01M7YQZNJ00SD18DY146CW9JAK", attempt: 0 };

const said = (level: "debug" | "info" | "warn" | "error", message: string, fields?: object) => {
  const lines: string[] = [];
  devLog(
    (line) => lines.push(line),
    () => NOW,
  )[level](message, fields);
  return lines;
};

describe("the log of `stepwell dev`", () => {
  it("has the time, the end of the run's id, the function, the step, and what happened", () => {
    expect(said("info", "hello")).toEqual(["09:05:03  hello"]);
    expect(said("info", "run completed", RUN)).toEqual(["09:05:03  CW9JAK  order  run completed"]);
    expect(said("warn", "hm", { ...RUN, stepId: "pay", n: 1 })).toEqual(['09:05:03  CW9JAK  order › pay  hm  {"n":1}']);
  });

  it("shows an error with the places in the app's own code, and when there will be another try", () => {
    const stack = [
      "RangeError: no",
      "    at pay (/app/src/order.ts:7:11)",
      "    at run (/app/node_modules/stepwell/dist/sdk/x.js:1:1)",
      "    at node:internal/process:1:1",
    ].join("\n");
    const error = { name: "RangeError", message: "no", code: "E_NO", stack };
    expect(said("warn", "step failed", { ...RUN, error, retryAt: NOW + 61_000 })).toEqual([
      '09:05:03  CW9JAK  order  step failed  RangeError: no [E_NO]  {"retryAt":"09:06:04"}',
      "          at pay (/app/src/order.ts:7:11)",
    ]);
    expect(said("error", "broken", { error: "Error: text" })).toEqual(["09:05:03  broken  Error: text"]);
  });

  it("keeps the lines of a message apart", () => {
    expect(said("info", "one\ntwo\n")).toEqual(["09:05:03  one", "          two"]);
    expect(said("error", "not reloaded", { problem: "It cannot be built:\napp.ts:1:2: no" })).toEqual([
      "09:05:03  not reloaded",
      "          It cannot be built:",
      "          app.ts:1:2: no",
    ]);
  });

  it("cuts what would fill the screen", () => {
    const [line = ""] = said("info", "much", { text: "x".repeat(1_000) });
    expect(line.length).toBeLessThan(160);
  });
});
