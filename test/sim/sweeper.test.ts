import { expect, it } from "vitest";
import { audit } from "../../audit/index.ts";
import type { Call, CallFaultKind, Strike } from "../../sim/faults.ts";
import { comeToRest } from "../../sim/rest.ts";
import { snapshotOf } from "../../sim/snapshot.ts";
import { openStage } from "../../sim/stage.ts";
import { Trace } from "../../sim/trace.ts";
import { acknowledgedTooEarly } from "./sabotage.ts";

/** A sweep that finds something makes fewer. */
const CALLS = 10;

/** A run that only the sweeper can get going, and a fault at the nth of the sweeper's calls, from 1. */
async function lostRun(kind: CallFaultKind, nth: number) {
  let sweeps = 0;
  const chance = ({ name, nth: first, invocation }: Call): Strike | undefined => {
    if (invocation.functionName.endsWith("-sweeper")) return ++sweeps === nth ? { kind } : undefined;
    return name.endsWith("(SET #owner)") && first === 2 ? { kind: "crashAfter" } : undefined;
  };
  const stage = await openStage({
    functions: ({ client }) => [
      client.createFunction({ id: "main" }, { event: "go" }, ({ step }) => step.sleep("rest", "1m")),
    ],
    between: () => ({ chance }),
    behind: acknowledgedTooEarly,
  });
  stage.faults.arm([]);
  const { ids } = await stage.cloud.send({ name: "go" });
  await comeToRest(stage, new Trace(stage.aws.clock.now));
  const [run] = await stage.cloud.runsOf(ids[0] ?? "");
  const findings = audit(await snapshotOf(stage), { atRest: true, spotless: false });
  await stage.cloud.close();
  return { status: run?.status, findings, struck: stage.faults.struck.map((one) => one.kind) };
}

it.each(["crashBefore", "crashAfter", "failBefore", "failAfter", "repeat"] as const)(
  "the sweeper may meet a %s at any of its calls: the next one does what it has left undone (L3)",
  async (kind) => {
    for (let nth = 1; nth <= CALLS; nth++) {
      const { struck, ...end } = await lostRun(kind, nth);
      expect({ nth, ...end }).toEqual({ nth, status: "completed", findings: [] });
      expect(struck).toContain(kind);
    }
  },
  60_000,
);
