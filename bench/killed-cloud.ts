/** A process of its own for W6: a local cloud on the data directory it is given, whose app kills the process once. */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { client, completed, runOf, withCloud } from "./cloud.ts";

export const STEPS = 20;
export const KILLED_AT = 10;

const EVENT = { id: "w6", name: "bench/w6", data: {} };

async function main(dataDir: string): Promise<void> {
  const killed = join(dataDir, "killed");
  const isFirst = !existsSync(killed);
  const body = (n: number) => {
    appendFileSync(join(dataDir, "bodies"), `${n}\n`);
    if (n !== KILLED_AT || existsSync(killed)) return;
    writeFileSync(killed, "");
    process.kill(process.pid, "SIGKILL");
  };
  const twenty = client.createFunction({ id: "twenty" }, { event: EVENT.name }, async ({ step }) => {
    for (let n = 0; n < STEPS; n++) await step.run(`step-${n}`, () => body(n));
  });
  const work = async (cloud: Parameters<Parameters<typeof withCloud>[1]>[0]) => {
    if (isFirst) await cloud.send(EVENT);
    await completed(cloud, await runOf(cloud, EVENT.id));
  };
  await withCloud([twenty], work, { dataDir: join(dataDir, "cloud") });
}

if (import.meta.main) await main(process.argv[2] ?? "");
