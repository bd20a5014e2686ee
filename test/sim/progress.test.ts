import { describe, expect, it } from "vitest";
import { Progress } from "../../sim/progress.ts";

function written(isTTY: boolean, total: number): readonly string[] {
  const lines: string[] = [];
  const progress = new Progress({ isTTY, write: (text: string | Uint8Array) => lines.push(String(text)) > 0 }, total);
  for (let done = 1; done <= total; done++) progress.show(done, `${done} done`);
  progress.end();
  return lines;
}

describe("the progress of a long command", () => {
  it("is one line on a terminal, which is gone in the end", () => {
    expect(written(true, 2)).toEqual(["\r\x1b[K1 done", "\r\x1b[K2 done", "\r\x1b[K"]);
  });

  it("is a line for each tenth in a log", () => {
    expect(written(false, 500)).toEqual([50, 100, 150, 200, 250, 300, 350, 400, 450, 500].map((n) => `${n} done\n`));
    expect(written(false, 3)).toEqual(["1 done\n", "2 done\n", "3 done\n"]);
  });
});
