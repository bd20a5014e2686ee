import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A guard of the engine that can be removed: a patch, and the test that notices. */
export interface Mutant {
  /** The patch's name without its ending: `fi-03`, or `fi-03-b` of a second one. */
  readonly name: string;
  /** Of the fault: `FI-03`. */
  readonly id: string;
  /** What is removed, in a phrase: what stands above the diff. */
  readonly guard: string;
  /** The files that it changes. */
  readonly files: readonly string[];
  /** From the root. */
  readonly patch: string;
  readonly test: string;
}

const NAME = /^((?:fi|b)-\d+)(?:-[a-z])?\.patch$/;

/** All patches, by their faults. @throws Error when one has a name that tells no fault */
export function readMutants(folder: string): readonly Mutant[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".patch"));
  return files.map((file) => readMutant(folder, file)).sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
}

function readMutant(folder: string, file: string): Mutant {
  const [, fault] = NAME.exec(file) ?? [];
  if (fault === undefined)
    throw new Error(`${file}: a patch is called by its fault, such as fi-03.patch or fi-03-b.patch.`);
  const text = readFileSync(join(folder, file), "utf8");
  const [head = ""] = text.split(/^(?:diff|---) /m);
  return {
    name: file.replace(".patch", ""),
    id: fault.toUpperCase(),
    guard: head
      .trim()
      .replace(/^Guard: /, "")
      .replace(/\s+/g, " "),
    files: [...text.matchAll(/^\+\+\+ b\/(\S+)/gm)].map(([, path]) => path as string),
    patch: `test/mutants/${file}`,
    test: `test/faults/${fault}.test.ts`,
  };
}

/** FI before B, as in the catalogue; numbers by their value. */
const orderOf = ({ name, id }: Mutant): string =>
  (id.startsWith("FI") ? "0" : "1") + name.replace(/\d+/, (digits) => digits.padStart(3, "0"));
