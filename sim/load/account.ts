/** Whether every event of a load has had exactly the runs that it must have, and nothing is left behind. */
import { audit, type Finding, type Item, type Snapshot } from "../../audit/index.ts";
import { type ExpectedRun, partOf } from "./parts.ts";

export interface Account {
  /** Runs that have ended, and events that have started none. */
  readonly runs: number;
  readonly skipped: number;
  /** What is wrong. */
  readonly findings: readonly string[];
}

/** Findings that are told of one kind. */
const TOLD_MAX = 20;

/** Judges the end of a load of so many uses from what is stored. */
export function accountOf(uses: number, snapshot: Snapshot): Account {
  const headers = snapshot.items.filter(({ sk, bucket }) => sk === "header" && bucket === undefined);
  const outcomes = new Map(
    snapshot.items.filter(({ sk }) => sk.startsWith("outcome#")).map((item) => [`${item.pk} ${item.sk}`, item]),
  );
  const skipped = headers.filter(({ status }) => status === "skipped").length;
  const seen = headers.map((header) => nameOf(runIn(header, outcomes)));
  const found = [...countsOff(expected(uses), counted(seen)), ...batchesOff(uses, headers)];
  const laws = audit(snapshot, { atRest: true }).map(({ law, text }: Finding) => `${law}: ${text}`);
  return { runs: headers.length - skipped, skipped, findings: [...told(found), ...told(laws)] };
}

const told = (findings: readonly string[]): readonly string[] =>
  findings.length <= TOLD_MAX ? findings : [...findings.slice(0, TOLD_MAX), `… and ${findings.length - TOLD_MAX} more`];

/** Runs by what they must be: those of batches are told by their sum. */
function expected(uses: number): ReadonlyMap<string, number> {
  const names: string[] = [];
  for (let n = 0; n < uses; n++) names.push(...partOf(n).use(n).runs.map(nameOf));
  return counted(names);
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) if (!name.startsWith(BATCHED)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function countsOff(wanted: ReadonlyMap<string, number>, seen: ReadonlyMap<string, number>): readonly string[] {
  return [...new Set([...wanted.keys(), ...seen.keys()])].flatMap((name) => {
    const [want, have] = [wanted.get(name) ?? 0, seen.get(name) ?? 0];
    return want === have ? [] : [`L1: there are ${have} runs "${name}", not ${want}`];
  });
}

const BATCHED = "batched ";
const nameOf = ({ functionId, status, output }: ExpectedRun): string =>
  `${functionId} ${status}${output === undefined ? "" : ` ${output}`}`;

/** Each event is in one batch: the sum of their numbers is that of all outputs, and so is the sum of what they are made of. */
function batchesOff(uses: number, headers: readonly Item[]): readonly string[] {
  let sum = 0;
  for (let n = 0; n < uses; n++) if (partOf(n).name === "batched") sum += n;
  const runs = headers.filter(({ functionId }) => functionId === "batched");
  const unfinished = runs.filter(({ status }) => status !== "completed").length;
  const have = runs.reduce((total, header) => total + Number(outputIn(header.outcome)), 0);
  return [
    ...(unfinished > 0 ? [`L3: ${unfinished} batches have not completed`] : []),
    ...(have === sum ? [] : [`L1: the numbers of all events in batches add up to ${have}, not ${sum}`]),
  ];
}

function runIn(header: Item, outcomes: ReadonlyMap<string, Item>): ExpectedRun {
  const { functionId, status } = header as unknown as ExpectedRun;
  if (status !== "completed") return { functionId, status };
  const stored =
    header.outcomeAt === "item" ? outcomes.get(`${header.pk} outcome#${header.fence}`)?.data : header.outcome;
  return { functionId, status, output: Number(outputIn(stored)) };
}

/** The JSON of an outcome, or its data alone. */
function outputIn(stored: unknown): unknown {
  const parsed = JSON.parse(String(stored));
  return typeof parsed === "object" && parsed !== null ? JSON.parse(parsed.data.json) : parsed;
}
