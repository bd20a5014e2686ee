import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { foundIn, replaceTable, tableOf } from "../../scripts/mutants/document.ts";
import { readOptions } from "../../scripts/mutants/options.ts";
import { readMutants } from "../../scripts/mutants/patches.ts";
import { renderTrials } from "../../scripts/mutants/report.ts";
import { applyPatch, type Trial } from "../../scripts/mutants/trial.ts";
import { readRepository } from "../docs-tables.ts";
import { FAULTS } from "./catalogue.ts";

const root = join(import.meta.dirname, "../..");
const mutants = readMutants(join(root, "test/mutants"));
const ids = FAULTS.map(({ id }) => id);

/** What they prove takes minutes: `npm run mutants`. Here, that there is nothing in the way of it. */
describe("faults that others have had, and the guards against them", () => {
  it.each(ids)("%s has a test that is called by it, and a guard that can be removed", (id) => {
    expect(readRepository(`test/faults/${id.toLowerCase()}.test.ts`)).toMatch(new RegExp(`describe[^"]*"${id}: `));
    expect(mutants.map((mutant) => mutant.id)).toContain(id);
  });

  it.each(mutants)(
    "$name says what it removes, of the engine alone, and still applies",
    ({ id, guard, files, patch }) => {
      expect(ids).toContain(id);
      expect(guard).toMatch(/^[a-zA-Z`].{15,}[^.]$/);
      expect(guard).not.toContain("|");
      expect(files.length).toBeGreaterThan(0);
      expect(files.filter((file) => !/^(lambdas|sdk)\//.test(file) || !existsSync(join(root, file)))).toEqual([]);
      expect(applyPatch(root, patch, true)).toBeUndefined();
    },
  );

  it("are in the table of docs/faults.md, each of them noticed", () => {
    const document = readRepository("docs/faults.md");
    const found = foundIn(document);
    expect([...found].filter(([, word]) => word !== "yes")).toEqual([]);
    expect([...found.keys()].sort()).toEqual(mutants.map(({ name }) => name).sort());
    expect(replaceTable(document, tableOf(FAULTS, mutants, found))).toBe(document);
  });
});

describe("npm run mutants", () => {
  it("takes faults and patches by name, and how many at a time", () => {
    const given = [
      { id: "FI-03", name: "fi-03" },
      { id: "FI-03", name: "fi-03-b" },
      { id: "B-1", name: "b-1" },
    ];
    expect(readOptions(["--only", "FI-03, B-1", "--jobs", "3"], given)).toEqual({
      help: false,
      only: ["FI-03", "B-1"],
      jobs: 3,
    });
    expect(readOptions(["--only", "fi-03-b"], given).only).toEqual(["fi-03-b"]);
    expect(() => readOptions(["--only", "FI-99"], given)).toThrow(
      /no mutant 'FI-99'\. There are: FI-03, fi-03, fi-03-b/,
    );
    expect(() => readOptions(["--jobs", "0"], given)).toThrow(/whole number from 1 up, not '0'/);
    expect(() => readOptions(["--fast"], given)).toThrow(/--fast/);
  });

  it("prints who was noticed by which test, and how many", () => {
    const [mutant] = mutants;
    if (mutant === undefined) throw new Error("There are no mutants.");
    const trial = (name: string, verdict: Trial["verdict"], about: string): Trial => ({
      mutant: { ...mutant, name },
      ...{ verdict, about, seconds: 1.25 },
    });
    const table = renderTrials([trial("fi-01", "found", "FI-01: holds"), trial("b-1", "survived", "all tests pass")]);
    expect(table.split("\n")).toEqual([
      "mutant  verdict   time   noticed by",
      "fi-01   found     1.3 s  FI-01: holds",
      "b-1     survived  1.3 s  all tests pass",
      "",
      "1 of 2 removed guards were noticed.",
      "",
    ]);
  });

  it("refuses a document that has no place for the table", () => {
    expect(() => replaceTable("# Faults", "| |")).toThrow(/no place/);
  });
});
