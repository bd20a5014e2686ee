import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { VERSIONS } from "../../scripts/emulators.ts";
import { localTarget } from "./targets/local.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/local-cloud.md"), "utf8");

describe("docs/local-cloud.md", () => {
  it("lists every sentence of the contract that the local cloud breaks", () => {
    const broken = Object.keys(localTarget("in-process").differences ?? {});
    expect(broken.filter((sentence) => !page.includes(`: ${sentence} |`))).toEqual([]);
  });

  it("names the emulators' versions", () => {
    expect(Object.values(VERSIONS).filter((version) => !page.includes(` ${version} |`))).toEqual([]);
  });
});
