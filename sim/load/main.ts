/** A load of thousands of runs with faults: `npm run load -- --help`. */
import { parseArgs } from "node:util";
import { type Block, type LoadReport, load } from "./load.ts";

const HELP = `Usage: npm run load -- [options]

Uses functions of all families thousands of times, in one process, on the virtual clock, with faults at a share of all AWS calls, and with
messages that come twice. In the end every event has exactly the runs that it must have, each has ended as it must, and nothing is left:
no message, slot, place in line, schedule, execution, dead letter; and the heap after garbage collection is at most 1.5 times that at the
first thousand. The table and what the AWS services keep are on disk.

  --runs <n>   how many uses: each starts a run or two (default: 10000)
  --rate <x>   the share of calls that is hit, and of messages (default: 0.02)
  --seed <n>   of faults and ids (default: 1). Disk and threads take their own time: the same seed need not go the same way
  --json       prints the report as JSON
  --help       this text

Exit code: 0 when all is accounted for, 1 when not, 2 when an option makes no sense.
`;

const BLOCK = 1_000;
const HEAP_RATIO_MAX = 1.5;

const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string", default: "10000" },
      rate: { type: "string", default: "0.02" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const whole = (name: string, text: string, least: number) => {
    if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
    throw new Error(`--${name} takes a whole number from ${least} up, not '${text}'.`);
  };
  const rate = Number(values.rate);
  if (!(rate >= 0 && rate <= 0.5)) throw new Error(`--rate takes a share from 0 to 0.5, not '${values.rate}'.`);
  const { json, help } = values;
  return { uses: whole("runs", values.runs, 1), seed: whole("seed", values.seed, 0), rate, json, help };
}

/** After a garbage collection: the first one may leave to the second what has finalizers. */
function measureHeap(): number {
  if (globalThis.gc === undefined) throw new Error("Run it with --expose-gc, as `npm run load` does.");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const ratioOf = ({ blocks }: LoadReport): number => (blocks.at(-1)?.heap ?? 0) / (blocks[0]?.heap ?? 1);

function render(report: LoadReport): string {
  const { runs, skipped, calls, struck, swept, blocks, findings } = report;
  const listed = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "nothing";
  return [
    `${runs} runs have ended, ${skipped} events were skipped, in ${blocks.at(-1)?.seconds.toFixed(0)} s`,
    `  AWS calls  ${calls}`,
    `  faults     ${listed(struck)}`,
    `  sweeper    ${listed(swept)}`,
    `  heap       ${blocks.map(({ heap }) => mb(heap)).join(", ")}: ${ratioOf(report).toFixed(2)} of the first`,
    ...(findings.length === 0 ? ["  All is accounted for."] : findings.map((finding) => `  ${finding}`)),
    "",
  ].join("\n");
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const onProgress = ({ uses, seconds, heap }: Block) =>
    void process.stderr.write(`${uses} of ${options.uses} uses, ${seconds.toFixed(0)} s, heap ${mb(heap)}\n`);
  const report = await load({ ...options, block: BLOCK, measureHeap, onProgress });
  const ratio = ratioOf(report);
  process.stdout.write(options.json ? `${JSON.stringify({ ...report, ratio }, undefined, 2)}\n` : render(report));
  if (ratio > HEAP_RATIO_MAX) process.stderr.write(`The heap has grown to ${ratio.toFixed(2)} times its size.\n`);
  return report.findings.length === 0 && ratio <= HEAP_RATIO_MAX ? 0 : 1;
}

process.exit(await main());
