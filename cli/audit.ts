import { setTimeout as pause } from "node:timers/promises";
import type { Finding, Snapshot } from "../audit/index.ts";
import { type Repair, repairsOf } from "../audit/repair.ts";
import { auditTwice } from "../audit/twice.ts";
import { ADVICE, LAW_TEXTS } from "../audit/words.ts";
import { createQueue } from "../lambdas/aws/queue.ts";
import { type Auditable, type AuditedOptions, openAuditable } from "./audited.ts";
import { EXIT } from "./failure.ts";
import { paint, print, printJson } from "./format.ts";

interface AuditOptions extends AuditedOptions {
  readonly repair?: boolean;
  readonly json?: boolean;
}

/** A large table is read for minutes: how often to say how far it is, in ms. */
const PROGRESS_EVERY_MS = 2_000;

/** `stepwell audit` */
export async function audit(options: AuditOptions): Promise<number> {
  const engine = await openAuditable(options);
  const { snapshot, findings } = await auditTwice(
    () => engine.read(progress()),
    async () => {
      tell("Something looks odd. Everything is read again, since a run may have gone on between two reads.");
      await pause(engine.pauseMs);
    },
  );
  const sure = findings.filter(({ unsure }) => !unsure);
  const unsure = findings.filter((finding) => finding.unsure);
  const repairs = options.repair ? repairsOf(findings, snapshot) : [];
  await engine.attempt(() => send(engine, repairs));
  const woken = repairs.map(({ message }) => message.runId);
  if (options.json) printJson({ ok: sure.length === 0, items: snapshot.items.length, findings: sure, unsure, woken });
  else printReport(engine, snapshot, { sure, unsure, woken });
  return sure.length === 0 ? EXIT.ok : EXIT.failed;
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

function progress(): (items: number) => void {
  let last = Date.now();
  return (items) => {
    if (Date.now() - last < PROGRESS_EVERY_MS) return;
    last = Date.now();
    tell(`${items.toLocaleString("en")} items so far …`);
  };
}

async function send({ clients, ingestQueueUrl }: Auditable, repairs: readonly Repair[]): Promise<void> {
  const queue = createQueue(() => clients.sqs, ingestQueueUrl);
  for (const { queueUrl, message } of repairs) await queue.sendToRun(queueUrl, message);
}

interface Report {
  readonly sure: readonly Finding[];
  readonly unsure: readonly Finding[];
  readonly woken: readonly string[];
}

function printReport({ name }: Auditable, snapshot: Snapshot, { sure, unsure, woken }: Report): void {
  printFindings(sure);
  if (unsure.length > 0) {
    print(
      "Cannot be told, since there are messages in the queues, and SQS shows only how many. Ask again when there are fewer:",
    );
    for (const { law, text } of unsure) print(`  ${law.padEnd(4)} ${text}`);
    print("");
  }
  for (const runId of woken) print(`The run ${paint("bold", runId)} was sent a fresh wake.`);
  if (woken.length > 0) print("");
  print(`${sure.length === 0 ? "All laws hold" : countOf(sure)} in ${name}: ${whatOf(snapshot)} were looked at.`);
}

function printFindings(findings: readonly Finding[]): void {
  for (const [law, group] of Map.groupBy(findings, (finding) => finding.law)) {
    print(`${paint("red", law.padEnd(4))} ${LAW_TEXTS[law]}`);
    for (const { text } of group) print(`     - ${text}`);
    print(`     ${paint("dim", ADVICE[law])}\n`);
  }
}

const countOf = ({ length }: readonly Finding[]): string => (length === 1 ? "1 finding" : `${length} findings`);

function whatOf({ items, schedules = [], executions = [], messages }: Snapshot): string {
  const counts: readonly (readonly [number, string])[] = [
    [items.length, "items"],
    [schedules.length, "schedules"],
    [executions.length, "waits"],
    ...(messages === undefined ? [] : [[messages.length, "messages"] as const]),
  ];
  const texts = counts.map(([count, what]) => `${count.toLocaleString("en")} ${what}`);
  return `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
}
