import { describe, expect, it } from "vitest";
import type { Item, Snapshot } from "../../audit/index.ts";
import { virtualClock } from "../../local/clock.ts";
import { Invocation, runInInvocation } from "../../local/invocation.ts";
import type { InProcessHandler } from "../../local/transport.ts";
import { FaultLayer } from "../../sim/faults.ts";
import { accountOf } from "../../sim/load/account.ts";
import { load } from "../../sim/load/load.ts";
import { type ExpectedRun, PARTS, partOf } from "../../sim/load/parts.ts";

describe("a load with faults at 5 % of all calls, and as many messages that come twice", () => {
  it("has every run that it must have, and leaves nothing behind", { timeout: 300_000 }, async () => {
    const uses = 2 * PARTS.length;
    const report = await load({ uses, seed: 1, rate: 0.05, block: PARTS.length, measureHeap: () => 1 });
    expect(report.findings).toEqual([]);
    const runs = Array.from({ length: uses }, (_, n) => partOf(n).use(n).runs).flat();
    const [skipped, others] = [runs.filter(isSkipped), runs.filter((run) => !isSkipped(run))];
    expect(report).toMatchObject({ skipped: skipped.length, blocks: [{ uses: PARTS.length }, { uses }] });
    // Those of batches are one or more.
    expect(report.runs).toBeGreaterThan(others.length);
    expect(Object.values(report.struck).reduce((sum, count) => sum + count)).toBeGreaterThan(10);
  });
});

const isSkipped = ({ status }: ExpectedRun): boolean => status === "skipped";

it("a call is not repeated by a process that has died meanwhile: it would wait for ever, and whoever shares its work with it", async () => {
  const request = { method: "POST", path: "/", headers: { "x-amz-target": "DynamoDB_20120810.GetItem" }, body: "{}" };
  const invocation = new Invocation("i", "router");
  const answer = { response: { statusCode: 200, headers: {}, body: "" } };
  const inner = {
    handle: () => {
      if (invocation.dead) return new Promise(() => {});
      invocation.kill();
      return Promise.resolve(answer);
    },
  } as unknown as InProcessHandler;
  const layer = new FaultLayer({ clock: virtualClock(0) });
  layer.arm([{ kind: "repeat", at: 1 }]);
  const asked = runInInvocation(invocation, () => layer.wrap(inner).handle(request));
  await expect(asked).rejects.toMatchObject({ name: "Killed" });
});

describe("the account of a load", () => {
  const header = (functionId: string, n: number, fields: object = {}): Item => ({
    ...{ pk: `main#load#run#${functionId}-${n}`, sk: "header", v: 1, env: "main", app: "load", fence: 1, wakeSeq: 0 },
    ...{ runId: `${functionId}-${n}`, functionId, eventId: `${functionId}-${n}`, queuedAt: 0, attempts: 0 },
    ...{ status: "completed", endedAt: 1, outcome: JSON.stringify({ ok: true, data: { json: String(n) } }), ...fields },
  });
  const snapshot = (items: readonly Item[]): Snapshot => ({ now: 10 ** 12, items, messages: [], executions: [] });
  /** The first use of all parts is one of a sequence. */
  const problems = (...items: readonly Item[]) =>
    accountOf(1, snapshot(items)).findings.filter((finding) => finding.includes("sequence"));

  it("finds a run that is missing, one too many, one that has not ended, and a wrong output", () => {
    expect(problems(header("sequence", 5))).toEqual([]);
    expect(problems()).toEqual(['L1: there are 0 runs "sequence completed 5", not 1']);
    const twice = { ...header("sequence", 5), pk: "main#load#run#other", runId: "other" };
    expect(problems(header("sequence", 5), twice)[0]).toBe('L1: there are 2 runs "sequence completed 5", not 1');
    expect(problems(header("sequence", 6)).slice(0, 2)).toEqual([
      'L1: there are 0 runs "sequence completed 5", not 1',
      'L1: there are 1 runs "sequence completed 6", not 0',
    ]);
    expect(problems(header("sequence", 5, { status: "active", endedAt: undefined }))[1]).toBe(
      'L1: there are 1 runs "sequence active", not 0',
    );
  });

  it("finds an event that is in no batch, or in two", () => {
    const at = PARTS.findIndex(({ name }) => name === "batched");
    const off = (...sums: readonly number[]) =>
      accountOf(at + 1, snapshot(sums.map((sum) => header("batched", sum)))).findings.filter((finding) =>
        finding.includes("batches"),
      );
    expect(off(at)).toEqual([]);
    expect(off()).toEqual([`L1: the numbers of all events in batches add up to 0, not ${at}`]);
    expect(off(at, at)).toEqual([`L1: the numbers of all events in batches add up to ${2 * at}, not ${at}`]);
  });
});
