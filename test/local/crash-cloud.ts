/** A process of its own for crash.test.ts: a cloud on the data directory that it is given, with runs in flight, until it is killed. */
import { fileURLToPath } from "node:url";
import { startLocal } from "../../local/index.ts";

const [, , dataDir = "", journal = "", ...names] = process.argv;
const entry = fileURLToPath(new URL("apps/crash.ts", import.meta.url));
const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: console.error };
const cloud = await startLocal({ entry, dataDir, logger, env: { JOURNAL: journal, GO: "" } });
const { ids } = await cloud.send(names.map((name) => ({ name: `crash/${name}`, data: {} })));
const runs = await Promise.all(ids.map((id) => cloud.runsOf(id)));
process.stdout.write(
  `${JSON.stringify({ url: cloud.url, pid: cloud.app.pid, runIds: runs.flat().map(({ id }) => id) })}\n`,
);
