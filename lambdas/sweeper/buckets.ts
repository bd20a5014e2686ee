/** Debounces and batches that are open: the timer of each has to close it (L3). */
import type { EngineMessage } from "../../sdk/protocol/index.ts";
import { bucketAt } from "../aws/keys.ts";
import { registeredFlow } from "../aws/registry-hand-over.ts";
import type { Due } from "../aws/run-store.ts";
import { bucketOptionsOf, bucketRunId, dueOf } from "../engine/bucket.ts";
import { serves } from "../engine/match.ts";
import { GRACE_MS, type SweeperDeps, type Swept } from "./deps.ts";

/**
 * Has the router close a bucket if it is overdue. The index has the time of its first timer; later events may have put it off, which the
 * bucket tells.
 */
export async function sweepBucket({ world, clock }: SweeperDeps, { key }: Due): Promise<Swept | undefined> {
  const found = bucketAt(key);
  if (found === undefined) return undefined;
  const { of, generation } = found;
  const [stored, app] = await Promise.all([world.buckets.get(of, generation), world.registry.app(of.env, of.app)]);
  if (stored === undefined || stored.bucket.closedAt !== undefined) return undefined;
  // The router could not start its run.
  if (app === undefined || !serves(app, of.functionId)) return undefined;
  const { bucket } = stored;
  const options = bucketOptionsOf(registeredFlow([app], of) ?? {});
  const due = dueOf(bucket, options?.kind === bucket.kind ? options : undefined);
  if (due > clock.now() - GRACE_MS) return undefined;
  const runId = bucketRunId(of, of.bucket, generation, bucket);
  const message: EngineMessage = { v: 1, stepwell: true, kind: "flush", ...of, generation, runId, at: due };
  await world.queue.sendToRouter(message);
  const waitedFor = bucket.kind === "batch" ? "batch" : "debounce";
  const { app: name, functionId } = of;
  return { app: name, functionId, runId, waitedFor, due, ...(stored.key !== undefined && { key: stored.key }) };
}
