import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { largeApp } from "./large-app.ts";
import { compile, root, STRICT } from "./project.ts";

/**
 * What an app of 100 functions and 100 kinds of events may cost the compiler, in type instantiations: they are the same on every machine,
 * and seconds are not. 333,000 when this was written; 15 % on top.
 *
 * Over it? Some type of `sdk/types` is worked out anew for each function or each event. Look for the one: write `largeApp` into a file, take
 * parts out of it (the invokes, the waits, `onFailure`, half of the events) and compare the counts of `tsc --extendedDiagnostics`; the
 * folder of `tsc --generateTrace` names the types. What usually helps: give the costly part a name of its own as an interface or alias, so
 * that it is kept by its arguments; take what depends on the events alone out of what depends on the trigger; test with `[T] extends [U]`
 * where nothing has to be distributed.
 */
const INSTANTIATIONS_MAX = 383_000;

it("100 functions of 100 kinds of events cost the compiler no more instantiations than they may", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-large-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "app.ts"), largeApp({ functions: 100, events: 100 }));
  const paths = {
    // As `npm test` has built it: the declarations, as a user's compiler reads them.
    stepwell: [join(root, "dist", "sdk", "index.d.ts")],
    zod: [join(root, "node_modules", "zod", "index.d.ts")],
  };
  const resolution = { module: "esnext", moduleResolution: "bundler", types: [], skipLibCheck: true };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...STRICT, ...resolution, paths }, files: ["app.ts"] }),
  );
  const said = await compile(folder, "--extendedDiagnostics");
  expect(said).not.toContain("error TS");
  const count = Number(/^Instantiations:\s+(\d+)$/m.exec(said)?.[1]);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(INSTANTIATIONS_MAX);
}, 120_000);
