import { setTimeout as pause } from "node:timers/promises";
import type { CancelCause, RunView, StepView } from "../sdk/protocol/index.ts";
import { type Cloud, listAll } from "./cloud.ts";
import { EXIT, Failure } from "./failure.ts";
import {
  dateTime,
  duration,
  errorLine,
  paint,
  paintStatus,
  print,
  printJson,
  shortJson,
  table,
  time,
} from "./format.ts";
import { reasonOf, skipOf, sweepOf } from "./waiting.ts";

interface ShowOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const RUN_ID_CHARS = 26;
/** Among so many of the latest runs a part of an id is looked for. */
const LOOKED_AT = 200;
const LOOK_EVERY_MS = 500;
/** A run that has just been sent for may not be there yet. */
const LOOKS_FOR_NEW_RUN = 10;
export const ENDED = ["completed", "failed", "cancelled", "skipped"];

/** `stepwell runs <id>` */
export async function showRun(cloud: Cloud, idOrPart: string, options: ShowOptions): Promise<number> {
  const id = await fullId(cloud, idOrPart.toUpperCase());
  if (options.watch) return follow(cloud, id, options.json === true);
  const run = await cloud.run(id);
  if (run === undefined) throw noSuchRun(cloud, id);
  if (options.json) printJson(run);
  else for (const line of [...head(run), "", ...stepsOf(run)]) print(line);
  return EXIT.ok;
}

/** The id of the one run that has this part of an id, among the latest. */
export async function fullId(cloud: Cloud, part: string): Promise<string> {
  if (part.length === RUN_ID_CHARS) return part;
  const found = (await listAll(cloud, { limit: LOOKED_AT })).filter(
    ({ id }) => id.startsWith(part) || id.endsWith(part),
  );
  const [run, ...others] = found;
  if (run === undefined) throw noSuchRun(cloud, part);
  if (others.length === 0) return run.id;
  const ids = found.slice(0, 5).map(({ id, functionId }) => `${id}  ${functionId}`);
  throw new Failure(`${found.length} runs have ids with ${part}. Write more of it.`, { advice: ids.join("\n") });
}

export const noSuchRun = (cloud: Cloud, id: string) =>
  new Failure(`There is no run ${id} in ${cloud.name}.`, {
    code: "STEPWELL_RUN_NOT_FOUND",
    advice: `\`stepwell runs\` lists them. A part of an id is looked for among the latest ${LOOKED_AT}.`,
  });

/** Prints what changes until the run has ended. */
async function follow(cloud: Cloud, id: string, json: boolean): Promise<number> {
  const printed = new Set<string>();
  const printNew = (line: string) => {
    if (!printed.has(line)) print(line);
    printed.add(line);
  };
  for (let run = await whenThere(cloud, id); ; run = (await cloud.run(id)) ?? run) {
    if (json) printNew(JSON.stringify(run));
    else for (const line of changesOf(run)) printNew(line);
    if (!ENDED.includes(run.status)) await pause(LOOK_EVERY_MS);
    else return run.status === "completed" ? EXIT.ok : EXIT.failed;
  }
}

async function whenThere(cloud: Cloud, id: string): Promise<RunView> {
  for (let look = 0; look < LOOKS_FOR_NEW_RUN; look++) {
    const run = await cloud.run(id);
    if (run !== undefined) return run;
    await pause(LOOK_EVERY_MS);
  }
  throw noSuchRun(cloud, id);
}

/** Each line is printed when it is new. */
const changesOf = (run: RunView): string[] => [
  `${time(run.queuedAt)}  run ${run.id} of ${run.app}/${run.functionId}`,
  ...run.steps.map((step) => [time(step.endedAt ?? step.startedAt), ...stepRow(step)].join("  ").trimEnd()),
  ...(run.endedAt === undefined ? [] : [`${time(run.endedAt)}  ${paintStatus(run.status)} ${resultOf(run)}`.trimEnd()]),
];

function head(run: RunView): string[] {
  const { queuedAt, startedAt, endedAt } = run;
  const took = endedAt === undefined ? "" : ` (took ${duration(endedAt - (startedAt ?? queuedAt))})`;
  const facts = [
    ["run", run.id],
    ["function", `${run.app}/${run.functionId}`],
    ["status", paintStatus(run.status)],
    ["event", run.eventIds.join(", ")],
    ["queued", dateTime(queuedAt)],
    ["started", startedAt === undefined ? "" : dateTime(startedAt)],
    ["ended", endedAt === undefined ? "" : dateTime(endedAt) + took],
    ["tries", run.attempts > 1 ? String(run.attempts) : ""],
    ["note", run.note ?? ""],
    ...(run.sweeps ?? []).map((sweep) => ["swept", sweepOf(sweep)]),
    ["waiting", run.waitingFor === undefined ? "" : reasonOf(run.waitingFor)],
    ["skipped", run.skipped === undefined ? "" : skipOf(run.skipped)],
    ["cancelled", run.cancel === undefined ? "" : causeOf(run.cancel)],
    [run.error === undefined ? "output" : "error", resultOf(run)],
  ];
  return table(facts.filter(([, value]) => value !== "").map(([name = "", value = ""]) => [paint("dim", name), value]));
}

function causeOf(cancel: CancelCause): string {
  if (cancel.by === "event") return `by the event ${cancel.event} (${cancel.eventId})`;
  if (cancel.by === "timeout") return `by timeouts.${cancel.timeout}`;
  if (cancel.by === "singleton") return `for the run ${cancel.runId}`;
  return cancel.reason === undefined ? "on request" : `on request: ${cancel.reason}`;
}

const RESULT_CHARS_MAX = 400;
const resultOf = (run: RunView): string =>
  run.error === undefined ? shortJson(run.output, RESULT_CHARS_MAX) : errorLine(run.error, RESULT_CHARS_MAX);

const HEAD = ["STEP", "KIND", "STATUS", "TRIES", "TOOK", "RESULT"];

function stepsOf(run: RunView): string[] {
  if (run.steps.length === 0) return ["No steps."];
  return table([HEAD.map((title) => paint("dim", title)), ...run.steps.map(stepRow)]);
}

function stepRow(step: StepView): string[] {
  const took = step.endedAt === undefined ? "" : duration(step.endedAt - step.startedAt);
  const result = step.error === undefined ? shortJson(step.output) : errorLine(step.error);
  return [step.id, step.kind, paintStatus(step.status), String(step.attempts), took, result];
}
