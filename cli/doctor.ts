import { cloudChecks } from "./checks-aws.ts";
import { type Check, localChecks } from "./checks-local.ts";
import { EXIT } from "./failure.ts";
import { paint, print, printJson } from "./format.ts";

export interface DoctorOptions {
  readonly port: number;
  readonly data: string;
  readonly engine?: string;
  readonly region?: string;
  readonly json?: boolean;
}

/** `stepwell doctor` */
export async function doctor(entry: string | undefined, options: DoctorOptions): Promise<number> {
  const checks: Check[] = [];
  for await (const check of allChecks(entry, options)) {
    checks.push(check);
    if (!options.json) for (const line of linesOf(check)) print(line);
  }
  const ok = checks.every(({ state }) => state !== "failed");
  if (options.json) printJson({ ok, checks });
  else
    print(ok ? "\nNothing that is needed is missing." : "\nSomething that is needed is missing: see the lines with ✗.");
  return ok ? EXIT.ok : EXIT.failed;
}

async function* allChecks(entry: string | undefined, options: DoctorOptions): AsyncGenerator<Check> {
  yield* localChecks(entry, options);
  yield* cloudChecks(options);
}

const MARKS = { ok: paint("green", "✓"), failed: paint("red", "✗"), open: paint("yellow", "–") } as const;

const linesOf = ({ name, state, detail, advice }: Check): string[] => [
  `${MARKS[state]} ${name.padEnd(12)} ${detail}`,
  ...(advice?.split("\n") ?? []).map((line) => `${" ".repeat(15)}${line}`),
];
