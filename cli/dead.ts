import type { DeadLetterView } from "../lambdas/api/dead-letters.ts";
import { type Cloud, type CloudOptions, openCloud } from "./cloud.ts";
import { EXIT, Failure } from "./failure.ts";
import { dateTime, paint, print, printJson, short, table } from "./format.ts";

interface DeadOptions extends CloudOptions {
  readonly queue?: string;
  readonly all?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

/** Which dead letters. */
export interface Wanted {
  /** A part of the name of their queue. @default - any */
  readonly queue?: string | undefined;
  /** Those that have been sent anew too. */
  readonly all?: boolean | undefined;
}

const REASON_CHARS_MAX = 70;
const HEAD = ["DEAD LETTER", "SINCE", "QUEUE", "RUN", "REASON"];

/** `stepwell dead` */
export async function dead(id: string | undefined, options: DeadOptions): Promise<number> {
  const cloud = await openCloud(options);
  if (id !== undefined) return showLetter(cloud, id, options.json === true);
  const letters = await findLetters(cloud, options);
  const latest = letters.toSorted((a, b) => b.at - a.at).slice(0, options.limit);
  if (options.json) printJson(latest);
  else if (latest.length === 0)
    print(`There are no dead letters in ${cloud.name}${options.all ? "" : " that were not sent anew"}.`);
  else for (const line of table([HEAD.map((title) => paint("dim", title)), ...latest.map(rowOf)])) print(line);
  if (!options.json && letters.length > latest.length) print(`… and ${letters.length - latest.length} more.`);
  return EXIT.ok;
}

/** Page by page: a page is a megabyte of them at most. */
export async function findLetters(cloud: Cloud, { queue = "", all }: Wanted): Promise<readonly DeadLetterView[]> {
  const found: DeadLetterView[] = [];
  let after: string | undefined;
  do {
    const { letters, next } = await cloud.deadLetters(after);
    found.push(...letters.filter((letter) => letter.queue.includes(queue) && (all || letter.redrivenAt === undefined)));
    after = next;
  } while (after !== undefined);
  return found;
}

async function showLetter(cloud: Cloud, id: string, json: boolean): Promise<number> {
  const letter = await cloud.deadLetter(id);
  if (letter === undefined)
    throw new Failure(`There is no dead letter ${id} in ${cloud.name}.`, { advice: "`stepwell dead` lists them." });
  if (json) {
    printJson(letter);
    return EXIT.ok;
  }
  const { at, queue, runId = "", reason, redrivenAt, redrives = 1, body } = letter;
  const facts = [
    ["dead letter", id],
    ["since", dateTime(at)],
    ["queue", queue],
    ["run", runId],
    ["reason", reason],
    ["redriven", redrivenAt === undefined ? "" : `${dateTime(redrivenAt)}, ${redrives} in all`],
  ];
  const shown = facts.filter(([, value]) => value !== "");
  for (const line of table(shown.map(([name = "", value = ""]) => [paint("dim", name), value]))) print(line);
  print(`\n${body}`);
  return EXIT.ok;
}

const rowOf = ({ id, at, queue, runId = "", reason, redrivenAt }: DeadLetterView): string[] => [
  id,
  dateTime(at),
  queue,
  runId,
  short(redrivenAt === undefined ? reason : `sent anew ${dateTime(redrivenAt)}. ${reason}`, REASON_CHARS_MAX),
];
