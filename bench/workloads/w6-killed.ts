import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KILLED_AT, STEPS } from "../killed-cloud.ts";
import { unshared, type Workload } from "../workload.ts";

const SCRIPT = fileURLToPath(new URL("../killed-cloud.ts", import.meta.url));

/** A process that is killed in the middle of a step: which bodies run again, and when the run has ended in the next process. */
export const w6: Workload = {
  name: "W6",
  title: `SIGKILL in step ${KILLED_AT} of ${STEPS}`,
  open: async () =>
    unshared(async () => {
      const dataDir = mkdtempSync(join(tmpdir(), "stepwell-bench-"));
      try {
        const signal = await runCloud(dataDir);
        if (signal !== "SIGKILL") throw new Error(`The process was to be killed, and ended by ${signal}.`);
        const killedAt = performance.now();
        await runCloud(dataDir);
        const ms = performance.now() - killedAt;
        const times = timesOf(readFileSync(join(dataDir, "bodies"), "utf8"));
        return [
          { name: "bodies that ran twice", unit: "times", value: count(times, 2), aim: { atMost: 1 } },
          { name: "bodies that ran more often, or never", unit: "times", value: amiss(times), aim: { atMost: 0 } },
          { name: "from the kill to the end of the next process, which ends with the run", unit: "ms", value: ms },
        ] as const;
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    }),
};

async function runCloud(dataDir: string): Promise<string> {
  const child = spawn(process.execPath, [SCRIPT, dataDir], { stdio: ["ignore", "ignore", "inherit"] });
  const [code, signal] = await once(child, "exit");
  if (code !== 0 && signal === null) throw new Error(`The process has failed with exit code ${code}.`);
  return signal ?? "itself";
}

/** How often each body has run, by step. */
function timesOf(log: string): readonly number[] {
  const times = Array.from({ length: STEPS }, () => 0);
  for (const line of log.trim().split("\n")) times[Number(line)] = (times[Number(line)] ?? 0) + 1;
  return times;
}

const count = (times: readonly number[], wanted: number) => times.filter((n) => n === wanted).length;
const amiss = (times: readonly number[]) => STEPS - count(times, 1) - count(times, 2);
