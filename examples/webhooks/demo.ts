/** Real webhooks through durable functions, on this machine: `npm run demo`. */
import { setTimeout as pause } from "node:timers/promises";
import { type LocalCloud, startLocal } from "stepwell/local";
import { stepwell } from "./client.ts";
import { allDeliveries, awaitReactions, type Delivery, inOrder } from "./demo/deliveries.ts";
import { count, time } from "./demo/format.ts";
import { createLogBook, type LogBook } from "./demo/log-book.ts";
import { type DemoOptions, HELP, readOptions } from "./demo/options.ts";
import { printReport, printVerdict } from "./demo/report.ts";
import { createRunBook, isEnded, type RunBook } from "./demo/run-book.ts";
import { createScreen } from "./demo/screen.ts";
import { expectedStatus, functions } from "./functions.ts";

/** Entries of one PutEvents call. */
const BATCH = 10;
/** Webhooks come one by one, not all at once: so many may be under way. */
const UNDER_WAY_MAX = 10;
const LOOK_EVERY_MS = 100;
/** Several times as long as it should take. */
const PATIENCE_MS = 90_000;

const functionIds = Object.keys(expectedStatus);
const screen = createScreen(process.stdout, process.env);
const elapsed = () => time(performance.now());

interface Demo {
  readonly cloud: LocalCloud;
  readonly book: RunBook;
  readonly log: LogBook;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  sent: number;
}

async function main(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const log = createLogBook(screen.print);
  const cloud = await startLocal({ client: stepwell, functions, logger: log.sink });
  const demo: Demo = { cloud, log, signal, book: createRunBook(cloud, functionIds), sent: 0 };
  const webhooks = allDeliveries();
  screen.print(
    `${screen.bold("A cloud in this process")}: ${functionIds.length} functions, AWS services at ${cloud.url}`,
  );
  const stopProgress = screen.follow(() => progressOf(demo, webhooks.length));
  try {
    await play(demo, webhooks);
    stopProgress();
    printReport(screen, { webhooks, runs: demo.book.runs(), usage: cloud.meter() }, options.timeline);
    return printVerdict(screen, demo.book.runs(), log.troubles, elapsed());
  } finally {
    stopProgress();
    await cloud.close();
  }
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
    do await pause(1, undefined, demo);
    while (demo.sent - demo.log.ended.size > UNDER_WAY_MAX && isInTime());
  }
}

async function readUntil({ book, signal }: Demo, isReached: () => boolean): Promise<void> {
  for (;;) {
    await book.read();
    if (isReached() || !isInTime()) return;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

const isInTime = () => performance.now() < PATIENCE_MS;

function progressOf({ book, log, sent }: Demo, all: number): string {
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
