/** Tells a story to people. */
import type { Finding, Law } from "../audit/contract.ts";
import { actName } from "./acts.ts";
import type { Fault, FaultKind, Strike } from "./faults.ts";
import type { Plan } from "./plan.ts";
import type { Shrunk } from "./shrink.ts";
import type { Result } from "./simulate.ts";
import type { Report } from "./task.ts";
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

/** What a fault does to the call, message or look that is named after it. */
const STRIKES: Readonly<Record<FaultKind, string>> = {
  failBefore: "fails, and is not applied",
  throttle: "is throttled until the SDK gives up",
  backOff: "is throttled, and gets through when the SDK has backed off",
  failAfter: "is applied, and fails all the same",
  repeat: "is applied, its reply is lost, and it is made again",
  crashBefore: "is not made: its process is killed",
  crashAfter: "is applied, and its process is killed before it hears of it",
  freeze: "has to wait: its process stands still, past its lease",
  delay: "is slow",
  early: "asks for a timer, which comes too early",
  late: "is late",
  duplicate: "comes twice, the second time later",
  stale: "tells of the time of the look before",
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
    `  All that it takes, found in ${tries} tries`,
    ...needs(plan).map((need) => `    - ${alias(need)}`),
    "",
    "  What happened",
    ...shortened(concerned(result)).map((line) => (typeof line === "string" ? line : `    ${tellLine(line, alias)}`)),
    "",
    `  Again: npm run sim -- --workload ${plan.workload} --seed ${failed.plan.seed} --trace`,
    "",
  ].join("\n");
}

/** A story that has broken a law once, and does not when it is played again: the simulator itself, or this machine, is not what it should be. */
export function tellUnrepeated(failed: Report, again: Report): string {
  const { workload, seed, findings } = failed;
  return [
    `Seed ${seed} of "${workload}" has broken a law, and breaks none when it is played again: that must not be. ` +
      `Its hash was ${failed.hash || "not known"}, and is ${again.hash} now. It had broken:`,
    ...findings.map(({ law, text }) => `  ${law}  ${text}`),
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
  const start = `${timeOf(at)}  ${who.padEnd(10)}`;
  if (strike !== undefined) return `${start} >> ${alias(what)} ${strikeText(strike)}`;
  return `${start} ${alias(what)}${came === undefined ? "" : `  -> ${came}`}`;
}

/** What a plan asks for, in words. */
function needs({ acts, weather, order }: Plan): readonly string[] {
  const { faults, rates, skewMs } = weather;
  const drawn = Object.entries(rates).map(([kind, rate]) => `${kind} at ${rate * 100} % of all calls or messages`);
  return [
    ...acts.map((act) => `${timeOf(act.at).trim()}: ${actName(act)}`),
    ...faults.map(faultName),
    ...drawn,
    ...(skewMs > 0 ? [`clocks that are up to ${skewMs / 1_000} s off`] : []),
    ...(order === "drawn" ? ["calls of different processes in the order that the seed draws"] : []),
    ...(faults.length + drawn.length === 0 ? ["no fault"] : []),
  ];
}

const strikeText = ({ kind, ms }: Strike): string => `${STRIKES[kind]}${ms === undefined ? "" : ` (${ms / 1_000} s)`}`;

function faultName(fault: Fault): string {
  const { at } = fault;
  if (typeof at === "number") return `call ${at} ${strikeText(fault)}`;
  const { name, nth } = typeof at === "string" ? { name: at, nth: fault.nth ?? 1 } : at;
  return `${name}${nth > 1 ? `, no. ${nth},` : ""} ${strikeText(fault)}`;
}

/** `2d 14:03:07.250` after the start. */
function timeOf(ms: number): string {
  const [, hours, minutes, rest] = /T(\d+):(\d+):([\d.]+)/.exec(new Date(ms).toISOString()) ?? [];
  const days = Math.floor(ms / 86_400_000);
  return `${days === 0 ? "" : `${days}d `}${hours}:${minutes}:${rest}`.padStart(16);
}

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
