import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Stepwell } from "stepwell";
import { TestEngine } from "stepwell/test";
import { expect, it } from "vitest";

it("works under node:test, which counts two tests and no failure", { timeout: 120_000 }, async () => {
  const file = join(import.meta.dirname, "node-test", "kit.ts");
  // Node's runner inside Node's runner would not say what it has counted; and vitest's settings are not its own.
  const env = { PATH: process.env.PATH };
  const args = ["--test", "--test-reporter=tap", file];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(stdout).toMatch(/^# pass 2$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});

it("takes the spies of a runner whose matchers know no others", async () => {
  const stepwell = new Stepwell({ id: "shop" });
  const nap = stepwell.createFunction({ id: "nap" }, { event: "a" }, ({ step }) => step.sleep("nap", "1h"));
  const seen: unknown[] = [];
  const given: number[] = [];
  const spy = (...maker: [(...args: readonly unknown[]) => unknown]) => {
    given.push(maker.length);
    return (...args: readonly unknown[]) => {
      seen.push(args);
      return maker[0](...args);
    };
  };
  const { run } = await new TestEngine({ function: nap, spy }).execute({ steps: [{ id: "nap", handler: () => {} }] });
  expect(run.status).toBe("completed");
  expect(seen).toEqual([["nap", "1h"]]);
  // Some makers take a second argument, which is theirs.
  expect(new Set(given)).toEqual(new Set([1]));
});
