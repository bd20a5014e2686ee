import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import type { Finding, Snapshot } from "../../audit/index.ts";
import { auditTwice } from "../../audit/twice.ts";
import { snapshotOf } from "../../sim/snapshot.ts";
import { APP, type Stage } from "../laws/harness.ts";

/** Calls that were begun before have ended after so many turns of the event loop. */
const TURNS = 3;

/** What an audit finds before each AWS call of the doors, by call. */
export function watch(stage: Stage): readonly string[] {
  const findings: string[] = [];
  let looking: Promise<void> = Promise.resolve();
  const look = async (call: string, at: number) => {
    const found = await lookAt(stage);
    findings.push(...found.map(({ law, text }) => `before ${at} ${call}: ${text} (${law})`));
  };
  // Not as a part of the invocation whose call it is, which may be killed.
  const outside = AsyncLocalStorage.snapshot();
  // One after another: nobody makes a call while it is looked at.
  stage.faults.before = (call, at) => {
    looking = looking.then(() => outside(() => look(call, at)));
    return looking;
  };
  return findings;
}

/** With its messages, and as it would look in AWS, where they are only counted. */
async function lookAt(stage: Stage): Promise<readonly Finding[]> {
  for (let i = 0; i < TURNS; i++) await turn();
  const read = () => snapshotOf(stage, APP);
  const exact = await auditTwice(read, () => turn());
  const counted = await auditTwice(
    async () => asCounted(await read()),
    () => turn(),
  );
  return [...exact.findings, ...counted.findings.filter(({ unsure }) => !unsure)];
}

function asCounted({ messages = [], ...snapshot }: Snapshot): Snapshot {
  const count = (isRouters: boolean) => {
    const some = messages.filter(({ queue }) => queue.includes("-ingest") === isRouters);
    const delayed = some.filter(({ state }) => state === "delayed").length;
    return { busy: some.length - delayed, delayed };
  };
  return { ...snapshot, counts: { router: count(true), apps: { [`main/${APP}`]: count(false) } } };
}
