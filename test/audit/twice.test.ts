import { expect, it } from "vitest";
import type { Snapshot } from "../../audit/index.ts";
import { repairsOf } from "../../audit/repair.ts";
import { auditTwice } from "../../audit/twice.ts";
import { change, header, napper, world } from "./world.ts";

const lost: Snapshot = { ...world, schedules: [] };

/** What an engine looks like from one reading to the next, and how often it was read and waited for. */
function readings(...snapshots: readonly Snapshot[]) {
  const counts = { read: 0, paused: 0 };
  const read = async () => snapshots[counts.read++] as Snapshot;
  const pause = async () => void counts.paused++;
  return { counts, read, pause };
}

it("reads an engine in which nothing is found once", async () => {
  const { counts, read, pause } = readings(world);
  expect(await auditTwice(read, pause)).toEqual({ snapshot: world, findings: [] });
  expect(counts).toEqual({ read: 1, paused: 0 });
});

it("reports what two readings show, and the state of the second", async () => {
  const { counts, read, pause } = readings(lost, lost);
  const { snapshot, findings } = await auditTwice(read, pause);
  expect(snapshot).toBe(lost);
  expect(findings).toContainEqual(expect.objectContaining({ law: "L3", runId: napper }));
  expect(counts).toEqual({ read: 2, paused: 1 });
});

it("does not report what only one of them shows: a run has gone on between two reads", async () => {
  const other = header(napper, { armed: 9 })(world);
  expect((await auditTwice(readings(lost, other).read, async () => {})).findings).toEqual([]);
});

it("repairs a run once, however much is found of it, and only where its function is deployed", () => {
  const found = (snapshot: Snapshot) => {
    const wake = { env: "main", app: "shop", functionId: "nap", runId: napper };
    const [first, second] = (["L3", "L7"] as const).map((law) => ({ law, text: "lost", wake }));
    return repairsOf([first, second, { ...first, unsure: true }] as never, snapshot);
  };
  expect(found(world)).toMatchObject([
    {
      queueUrl: "https://sqs/1/stepwell-runs-main-shop",
      message: { v: 1, kind: "wake", rearm: true, runId: napper, functionId: "nap" },
    },
  ]);
  expect(found(change(world, "main#$#registry", "app#shop", () => undefined))).toEqual([]);
});

it("sends no wake to a run of which it is not sure", () => {
  const wake = { env: "main", app: "shop", functionId: "nap", runId: napper };
  expect(repairsOf([{ law: "L3", text: "lost", wake, unsure: true }], world)).toEqual([]);
});
