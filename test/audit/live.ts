import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import type { Finding } from "../../audit/index.ts";
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

async function lookAt(stage: Stage): Promise<readonly Finding[]> {
  for (let i = 0; i < TURNS; i++) await turn();
  const { findings } = await auditTwice(
    () => snapshotOf(stage, APP),
    () => turn(),
  );
  return findings;
}
