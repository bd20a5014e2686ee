import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll } from "vitest";
import { expectAllExecuted } from "./guides/executed.ts";

/** Property tests draw the same cases every time: CI is no place for luck. `FC_SEED=random npm test` goes looking for more. */
const asked = process.env.FC_SEED;
if (asked !== "random") fc.configureGlobal({ seed: Number(asked ?? 20_261_121) });

/** The CDK leaves a folder behind for each of its apps that has none of its own. */
const cdkOut = mkdtempSync(join(tmpdir(), "stepwell-cdk-"));
process.env.CDK_OUTDIR = cdkOut;
afterAll(() => rmSync(cdkOut, { recursive: true, force: true }));

expectAllExecuted();
