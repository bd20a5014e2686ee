/** Tells a story to people. */
import type { Finding, Law } from "../audit/contract.ts";
import { actName } from "./acts.ts";
import type { FaultKind, Strike } from "./faults.ts";
import type { Shrunk } from "./shrink.ts";
import type { Result } from "./simulate.ts";
import type { Line } from "./trace.ts";

/** The laws of ARCHITECTURE.md, in a line each. */
const LAWS: Readonly<Record<Law, string>> = {
  L1: "at least once in, once in effect",
  L2: "no lost wake-up",
  L3: "every run that has not ended has a wake-up ahead of it",
  L4: "one live attempt per step; a crash counts as an attempt",
  L5: "slots are leases with an owner; a limit is never exceeded",
  L6: "terminal is terminal, and leaves nothing behind",
  L7: "one winner among event, timeout and end of a wait",
  L8: "a poison message never blocks its neighbours",
  L9: "nothing hangs silently",
  L10: "replay mismatch is loud",
};

/** What a fault does to a call or a message. */
const STRIKES: Readonly<Record<FaultKind, string>> = {
  failBefore: "gets an error, and nothing is applied",
  throttle: "is throttled, and nothing is applied",
  failAfter: "is applied, and the caller gets an error all the same",
  repeat: "is applied, the reply is lost, and the SDK makes it again",
  crashBefore: "kills its process before it is made",
  crashAfter: "is applied, and its process is killed before it reads the reply",
  freeze: "waits: its process stands still, past its lease",
  delay: "is slow, or throttled for a while",
  late: "is late",
  duplicate: "arrives twice, the second time later",
  stale: "tells of an earlier time",
};

/** A failing story: what it is, which law it breaks, what happened, and how to see it again. */
export function tellFailure(failed: Result, { result, tries }: Shrunk): string {
  const alias = aliases(result);
  const { plan, findings } = result;
  const laws = [...new Set(findings.map(({ law }) => law))];
  return [
    `Seed ${plan.seed} of "${plan.workload}" breaks ${laws.join(", ")}.`,
    "",
    `  The story    ${result.about.split("\n").join("\n               ")}`,
    ...laws.flatMap((law) => [`  ${law.padEnd(12)} ${LAWS[law]}`, ...findingsOf(findings, law, alias)]),
    "",
    `  Needed for it, after ${tries} shorter tries:`,
    ...plan.acts.map((act) => `    ${seconds(act.at)}  ${actName(act)}`),
    ...plan.weather.faults.map((fault) => `    ${alias(faultName(fault))}`),
    ...(plan.weather.faults.length === 0 && Object.keys(plan.weather.rates).length === 0
      ? ["    no fault at all"]
      : []),
    ...(plan.order === "drawn" ? ["    calls of different processes in the order that the seed draws"] : []),
    ...(plan.weather.skewMs > 0 ? [`    clocks that are up to ${plan.weather.skewMs / 1_000} s off`] : []),
    ...(Object.keys(plan.weather.rates).length > 0 ? [`    rates: ${JSON.stringify(plan.weather.rates)}`] : []),
    "",
    "  What happened",
    ...shortened(concerned(result)).map((line) => (typeof line === "string" ? line : `    ${tellLine(line, alias)}`)),
    "",
    `  Again: npm run sim -- --workload ${plan.workload} --seed ${failed.plan.seed} --trace`,
    "",
  ].join("\n");
}

/** All that happened, a line each. */
export function tellTrace(result: Result): string {
  const alias = aliases(result);
  return result.lines.map((line) => `${tellLine(line, alias)}\n`).join("");
}

const findingsOf = (findings: readonly Finding[], law: Law, alias: (text: string) => string): readonly string[] =>
  findings.filter((finding) => finding.law === law).map(({ text }) => `               - ${alias(text)}`);

function tellLine({ at, who, what, came, strike }: Line, alias: (text: string) => string): string {
  const start = `${seconds(at)}  ${who.padEnd(12)}`;
  if (strike !== undefined) return `${start} >> ${alias(what)} ${strikeText(strike)}`;
  return `${start} ${alias(what)}${came === undefined ? "" : `  -> ${came}`}`;
}

const strikeText = ({ kind, ms }: Strike): string => `${STRIKES[kind]}${ms === undefined ? "" : ` (${ms / 1_000} s)`}`;

function faultName(fault: Result["plan"]["weather"]["faults"][number]): string {
  const { at } = fault;
  if (typeof at === "number") return `call ${at} ${strikeText(fault)}`;
  const { name, nth } = typeof at === "string" ? { name: at, nth: fault.nth ?? 1 } : at;
  return `${name}${nth > 1 ? `, no. ${nth},` : ""} ${strikeText(fault)}`;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(3).padStart(12)} s`;

/** What was done by processes that had to do with the runs that a finding is about, and what the world did. */
function concerned({ lines, findings }: Result): readonly Line[] {
  const runs = findings.flatMap(({ runId }) => runId ?? []);
  if (runs.length === 0) return lines;
  const processes = new Set(lines.filter(({ what }) => runs.some((run) => what.includes(run))).map(({ who }) => who));
  return lines.filter(({ who }) => who === "world" || processes.has(who));
}

const HEAD = 60;
const TAIL = 60;

function shortened(lines: readonly Line[]): readonly (Line | string)[] {
  if (lines.length <= HEAD + TAIL) return lines;
  const left = lines.length - HEAD - TAIL;
  return [...lines.slice(0, HEAD), `    … ${left} more, which --trace shows …`, ...lines.slice(-TAIL)];
}

/** Runs are called by their function and their number, as people would. */
function aliases({ runNames }: Result): (text: string) => string {
  return (text) =>
    text.replace(/(?:run#)?\b([0-9A-HJKMNP-TV-Z]{26})\b/g, (_, id: string) => `<${runNames.get(id) ?? id}>`);
}
