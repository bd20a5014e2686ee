/** Real webhooks through durable functions, on this machine: `npm run demo`. */
import { setTimeout as pause } from "node:timers/promises";
import { type LocalCloud, startLocal } from "stepwell/local";
import { stepwell } from "./client.ts";
import { type Crashes, createCrashes } from "./demo/crashes.ts";
import { allDeliveries, awaitReactions, type Delivery, inOrder } from "./demo/deliveries.ts";
import { count, time } from "./demo/format.ts";
import { createLogBook, type LogBook } from "./demo/log-book.ts";
import { type DemoOptions, HELP, readOptions } from "./demo/options.ts";
import { printReport, printSection, printVerdict } from "./demo/report.ts";
import { createRunBook, isEnded, type RunBook } from "./demo/run-book.ts";
import { createScreen } from "./demo/screen.ts";
import { expectedStatus, functions } from "./functions.ts";

/** Entries of one PutEvents call. */
const BATCH = 10;
/** Webhooks come one by one, not all at once: so many may be under way. */
const UNDER_WAY_MAX = 10;
const LOOK_EVERY_MS = 100;
/** Several times as long as it should take; after a kill it takes a lease to go on. */
const PATIENCE_MS = { plain: 90_000, crash: 180_000 };

const functionIds = Object.keys(expectedStatus);
const screen = createScreen(process.stdout, process.env);
const elapsed = () => time(performance.now());

interface Demo {
  readonly cloud: LocalCloud;
  readonly book: RunBook;
  readonly log: LogBook;
  /** Kills the app in the middle, if that was asked for. */
  readonly crashes: Crashes | undefined;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  readonly patienceMs: number;
  readonly all: number;
  sent: number;
}

async function main(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const log = createLogBook(screen.print);
  const webhooks = allDeliveries();
  const { cloud, crashes } = await openCloud(options, log);
  const book = createRunBook(cloud, functionIds);
  const patienceMs = PATIENCE_MS[options.crash ? "crash" : "plain"];
  const demo: Demo = { cloud, log, crashes, signal, patienceMs, book, all: webhooks.length, sent: 0 };
  screen.print(`${functionIds.length} functions, AWS services at ${cloud.url}`);
  const stopProgress = screen.follow(() => progressOf(demo));
  try {
    await play(demo, webhooks);
    stopProgress();
    const runs = book.runs();
    printReport(screen, { webhooks, runs, usage: cloud.meter() }, options.timeline);
    const killed = await crashes?.report();
    if (killed !== undefined) printSection(screen, killed);
    const troubles = log.troubles(options.crash);
    return printVerdict(screen, { runs, troubles, others: killed?.complaints ?? [], elapsed: elapsed() });
  } finally {
    stopProgress();
    await cloud.close();
  }
}

/** The functions in this process; or in one of their own, which can be killed. */
async function openCloud({ crash }: DemoOptions, log: LogBook) {
  const logger = log.sink;
  if (!crash) {
    screen.print(screen.bold("A cloud in this process"));
    return { cloud: await startLocal({ client: stepwell, functions, logger }), crashes: undefined };
  }
  const entry = new URL("app.ts", import.meta.url);
  const cloud = await startLocal({ entry, logger, env: { OUTSIDE_MS: "100" } });
  screen.print(screen.bold(`A cloud in this process, and the app in process ${cloud.app.pid}, which will be killed`));
  return { cloud, crashes: createCrashes(cloud, log, screen) };
}

async function play(demo: Demo, webhooks: readonly Delivery[]): Promise<void> {
  const { openers, reactions, others } = inOrder(webhooks);
  await send(demo, openers);
  await readUntil(demo, () => awaitReactions(demo.book.runs()));
  await send(demo, reactions);
  await send(demo, others);
  const { ids } = await demo.cloud.fire("weekly-report");
  demo.book.follow(ids);
  await readUntil(demo, demo.book.isComplete);
}

/** By EventBridge's PutEvents. */
async function send(demo: Demo, deliveries: readonly Delivery[]): Promise<void> {
  for (let i = 0; i < deliveries.length; i += BATCH) {
    const batch = deliveries.slice(i, i + BATCH);
    const { ids } = await demo.cloud.send(batch);
    demo.book.follow(ids);
    demo.sent += batch.length;
    demo.crashes?.onProgress(demo.sent / demo.all);
    do await pause(1, undefined, demo);
    while (demo.sent - demo.log.ended.size > UNDER_WAY_MAX && isInTime(demo));
  }
}

async function readUntil(demo: Demo, isReached: () => boolean): Promise<void> {
  for (;;) {
    await demo.book.read();
    if (isReached() || !isInTime(demo)) return;
    await pause(LOOK_EVERY_MS, undefined, demo);
  }
}

const isInTime = ({ patienceMs }: Demo) => performance.now() < patienceMs;

function progressOf({ book, log, sent, all }: Demo): string {
  const open = book.runs().filter((run) => !isEnded(run) && !log.ended.has(run.id));
  const states = [...Map.groupBy(open, ({ status }) => status)].map(([status, some]) => `${some.length} ${status}`);
  const parts = [`${count(sent)} of ${count(all)} webhooks sent`, `${count(log.ended.size)} runs ended`];
  return [elapsed(), ...parts, ...states.toSorted()].join(" · ");
}

function optionsOrExit(): DemoOptions {
  try {
    return readOptions(process.argv.slice(2), functionIds);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

/** Ctrl-C closes the cloud first; a second one ends the process at once. */
async function mainOrInterrupt(options: DemoOptions): Promise<number> {
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  try {
    return await main(options, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    screen.print("Interrupted. The cloud is closed.");
    return 130;
  }
}

const options = optionsOrExit();
if (options.help) process.stdout.write(HELP);
else process.exitCode = await mainOrInterrupt(options);
