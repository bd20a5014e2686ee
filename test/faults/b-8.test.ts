import { marshall } from "@aws-sdk/util-dynamodb";
import { describe, expect, it } from "vitest";
import type { Fault, FaultKind } from "../../sim/faults.ts";
import { disturb, twice } from "../../sim/mail.ts";
import { APP, type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, one } from "../laws/scenarios.ts";
import { callsWith, playOn } from "./on-stage.ts";
import { open } from "./stage.ts";

const DAY_MS = 24 * HOUR_MS;
const EVENTS = ["start", "second", "third"];
const REST_DAYS = 40;

const sendRest = async ({ cloud, pass }: Stage) => {
  for (const id of EVENTS.slice(1)) {
    await pass(1_000);
    await cloud.send({ ...START_EVENT, id });
  }
};

/** A run of three events that is begun again for every reason there is: each time it notes which events it sees. */
const ofThree = (flow: object): Scenario => ({
  name: "a run of three events",
  functions: one(async ({ step, event, events, attempt }, { notebook }) => {
    notebook.hand("events", [event.id, events.map(({ id, data }) => [id, data])]);
    await notebook.step(step, "before");
    if (attempt === 0)
      throw Object.assign(new Error("again"), { name: "RetryAfterError", retryAfter: { delayMs: HOUR_MS } });
    await step.sleep("rest", `${REST_DAYS}d`);
    return events.length;
  }, flow),
  script: async (stage) => {
    await sendRest(stage);
    await stage.pass((REST_DAYS + 1) * DAY_MS);
  },
});

const batch = { batchEvents: { maxSize: 3, timeout: "1h" } };
const collect = { debounce: { period: "10m", collect: true } };

const everySight = (main: string) => new Set([JSON.stringify([main, EVENTS.map((id) => [id, START_EVENT.data])])]);

async function sights(flow: object, faults: readonly Fault[], prepare?: (stage: Stage) => void) {
  const { stage, run, problems, calls } = await playOn(ofThree(flow), faults, prepare);
  return { output: run.output, problems, seen: stage.notebook.handed.get("events"), calls };
}

describe("B-8: a run's events are stored with it, and every start, takeover, resume and redelivery sees them all", () => {
  it.each([
    ["a batch", batch, "start"],
    ["a debounce that collects", collect, "third"],
  ])("%s, whose every message comes a second time, a day later", async (_, flow, main) => {
    const { output, problems, seen } = await sights(flow, [], ({ aws }) => disturb(aws, twice(DAY_MS), APP));
    expect({ output, problems, seen }).toEqual({ output: 3, problems: [], seen: everySight(main) });
  });

  it.each<FaultKind>(["crashAfter", "freeze"])("a batch whose run meets a %s at any write to it", async (kind) => {
    const { calls } = await sights(batch, []);
    const writes = ["/header (", "/step#", "/events"].flatMap((text) => callsWith(calls, text));
    const own = writes.filter((k) => !calls[k - 1]?.startsWith("GetItem")).sort((a, b) => a - b);
    expect(own.length).toBeGreaterThan(5);
    // A process that stands still differs from one that dies only by what it does later: a few will do.
    for (const at of own.filter((_, i) => kind === "crashAfter" || i % 3 === 0)) {
      const { output, problems, seen } = await sights(batch, [{ kind, at }]);
      const call = calls[at - 1];
      expect({ call, output, problems, seen }).toEqual({ call, output: 3, problems: [], seen: everySight("start") });
    }
  });

  it("of a run one of whose events is gone, no code sees the rest", async () => {
    const stage = await open(ofThree(batch));
    await stage.cloud.send(START_EVENT);
    await sendRest(stage);
    const [run] = await stage.cloud.runsOf(START_EVENT.id);
    await stage.pass(2 * HOUR_MS);
    const { tableName } = stage.provisioned.binding;
    const Key = marshall({ pk: `main#$#event#${EVENTS[1]}`, sk: "event" });
    await stage.aws.dynamodb.call("DeleteItem", { TableName: tableName, Key });
    await stage.pass(REST_DAYS * DAY_MS);
    expect(stage.notebook.handed.get("events")).toEqual(everySight("start"));
    expect((await stage.cloud.run(run?.id))?.status).not.toBe("completed");
    expect(run?.eventIds).toEqual(EVENTS);
  });
});
