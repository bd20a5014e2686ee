import { setImmediate as turn } from "node:timers/promises";
import { audit, confirmed, type Finding, type Snapshot } from "../../audit/index.ts";
import { snapshotOf } from "../../sim/snapshot.ts";
import { APP, type Stage } from "../laws/harness.ts";

/** Calls that were begun before have ended after so many turns of the event loop. */
const TURNS = 3;

/** What an audit finds before each AWS call of the doors, by call. */
export function watch(stage: Stage, seen: (snapshot: Snapshot, call: string) => void = () => {}): readonly string[] {
  const findings: string[] = [];
  let looking: Promise<void> = Promise.resolve();
  const look = async (call: string, at: number) => {
    const [snapshot, found] = await lookAt(stage);
    seen(snapshot, call);
    findings.push(...found.map(({ law, text }) => `before ${at} ${call}: ${text} (${law})`));
  };
  // One after another: nobody makes a call while it is looked at.
  stage.faults.before = (call, at) => {
    looking = looking.then(() => look(call, at));
    return looking;
  };
  return findings;
}

/** A snapshot in which nothing has moved, and what is wrong with it. */
async function lookAt(stage: Stage): Promise<readonly [Snapshot, readonly Finding[]]> {
  for (let i = 0; i < TURNS; i++) await turn();
  const snapshot = await snapshotOf(stage, APP);
  const found = audit(snapshot);
  return [snapshot, found.length === 0 ? found : confirmed(found, audit(await snapshotOf(stage, APP)))];
}
