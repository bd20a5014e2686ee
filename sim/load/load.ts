/**
 * A long load in one process: uses of all parts in waves, a minute apart on the virtual clock, with faults. After each thousand all comes
 * to rest, and the heap is measured.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snapshotOf } from "../snapshot.ts";
import { openStage, type Stage } from "../stage.ts";
import { type Account, accountOf } from "./account.ts";
import { LoadFaults, messagesLeft } from "./faults.ts";
import { type LoadEvent, PARTS, partOf } from "./parts.ts";

export interface LoadOptions {
  /** How many uses of a part: each starts a run or two. */
  readonly uses: number;
  readonly seed: number;
  /** The share of AWS calls that is hit by a fault, and of messages that come twice. */
  readonly rate: number;
  /** Uses between two measurements. */
  readonly block: number;
  /** The heap that is in use, in bytes. */
  readonly measureHeap: () => number;
  readonly onProgress?: (done: Block) => void;
}

/** How it stands after some uses, at rest. */
export interface Block {
  readonly uses: number;
  readonly seconds: number;
  /** After a garbage collection, in bytes. */
  readonly heap: number;
}

export interface LoadReport extends Account {
  readonly blocks: readonly Block[];
  readonly calls: number;
  readonly struck: LoadFaults["struck"];
  /** What the sweeper had to bring on, by what it waited for. */
  readonly swept: Readonly<Record<string, number>>;
}

const APP = "load";
const WAVE = 50;
const MINUTE_MS = 60_000;
/** At least so long after the last wave: longer than anything of a use takes, but what is late because of a fault. */
const REST_MINUTES = 90;
const REST_MINUTES_MAX = 24 * 60;

export async function load(options: LoadOptions): Promise<LoadReport> {
  // The table and what the services keep are on disk: they are not this process's heap.
  const dataDir = await mkdtemp(join(tmpdir(), "stepwell-load-"));
  const faults = new LoadFaults(options.seed, options.rate);
  const stage = await openStage({
    app: APP,
    dataDir,
    seed: options.seed,
    functions: (app) => PARTS.flatMap((part) => part.functions(app)),
    behind: (handler) => faults.wrap(handler),
  });
  try {
    faults.arm(stage.aws, APP);
    return await run(stage, faults, options);
  } finally {
    await stage.cloud.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function run(stage: Stage, faults: LoadFaults, options: LoadOptions): Promise<LoadReport> {
  const { uses, block, measureHeap, onProgress } = options;
  const began = performance.now();
  const blocks: Block[] = [];
  const swept: Record<string, number> = {};
  const pass = async () => {
    await stage.pass(MINUTE_MS);
    const { reasons = [] } = await stage.doors.sweep();
    for (const { waitedFor } of reasons) swept[waitedFor] = (swept[waitedFor] ?? 0) + 1;
  };
  for (let from = 0; from < uses; from += block) {
    await playBlock(stage, pass, from, Math.min(uses, from + block));
    await rest(stage, pass);
    const done = {
      uses: Math.min(uses, from + block),
      seconds: (performance.now() - began) / 1_000,
      heap: measureHeap(),
    };
    blocks.push(done);
    onProgress?.(done);
  }
  const account = accountOf(uses, await snapshotOf(stage, APP));
  return { ...account, blocks, calls: faults.calls, struck: faults.struck, swept };
}

type Pass = () => Promise<void>;

async function playBlock({ cloud }: Stage, pass: Pass, from: number, to: number): Promise<void> {
  let later: LoadEvent[] = [];
  for (let n = from; n < to || later.length > 0; ) {
    const wave = Math.max(0, Math.min(WAVE, to - n));
    const events = Array.from({ length: wave }, (_, i) => partOf(n + i).use(n + i).events).flat();
    n += wave;
    const now = [...events, ...later].filter(({ later: minutes = 0 }) => minutes <= 0);
    later = [...events, ...later].filter(({ later: minutes = 0 }) => minutes > 0).map(aMinuteOn);
    if (now.length > 0) await cloud.send(now.map(({ id, name, data }) => ({ id, name, data })));
    await pass();
  }
}

const aMinuteOn = ({ later = 0, ...event }: LoadEvent): LoadEvent => ({ ...event, later: later - 1 });

/** Until all is over: no message is left, and no run has to be awake at some time. */
async function rest(stage: Stage, pass: Pass): Promise<void> {
  for (let minute = 0; minute < REST_MINUTES_MAX; minute++) {
    await pass();
    if (minute >= REST_MINUTES && messagesLeft(stage.aws, APP) === 0) return;
  }
}
