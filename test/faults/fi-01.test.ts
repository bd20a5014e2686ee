import { describe, expect, it } from "vitest";
import { disturb, twice } from "../../sim/mail.ts";
import { APP, perform, play, type Scenario, type Stage } from "../laws/harness.ts";
import { MINUTE_MS, one } from "../laws/scenarios.ts";
import { close, holdUp, open } from "./stage.ts";

const PAID = { id: "paid", name: "laws/paid", data: { id: 7 } };
/** Long after everything here: who is resumed before it has not been helped by it. */
const TIMEOUT = "2d";

type Waits = "stepFunctions" | "table";

const awaiting = (waits: Waits, event: string | readonly string[] = PAID.name): Omit<Scenario, "name"> => ({
  waits,
  functions: one(async ({ step }) => {
    const arrived = await step.waitForEvent("paid", { event, match: "data.id", timeout: TIMEOUT });
    return arrived?.data ?? null;
  }),
});

/** What happens between the moment in which the wait has begun and that in which its run is woken, by the calls that do it. */
const CALLS = {
  /** The router has the event: it notes it, looks for listeners, and claims the wait of the one that it finds. */
  note: "PutItem arrived#",
  look: "Query main#laws#listener#",
  claim: "(SET #outcome",
  /** The runner stores its listener, looks for events that have been noted, and has the token registered. */
  listener: "PutItem listener#",
  arrivals: "Query main#laws#arrived#",
  token: "StartExecution",
};
type Mark = keyof typeof CALLS;

function interleavings<T>(a: readonly T[], b: readonly T[]): readonly (readonly T[])[] {
  const [[firstA, ...restA], [firstB, ...restB]] = [a, b];
  if (firstA === undefined) return [b];
  if (firstB === undefined) return [a];
  return [
    ...interleavings(restA, b).map((rest) => [firstA, ...rest]),
    ...interleavings(a, restB).map((rest) => [firstB, ...rest]),
  ];
}

/** All orders in which the router and the runner can pass each other. */
const passings = interleavings<Mark>(["note", "look"], ["listener", "arrivals"]);
const orders: Readonly<Record<"stepFunctions" | "table", readonly (readonly Mark[])[]>> = {
  stepFunctions: [
    ...passings.flatMap((order): (readonly Mark[])[] => [
      [...order, "token", "claim"],
      [...order, "claim", "token"],
    ]),
    ["listener", "arrivals", "token", "note", "look", "claim"],
  ],
  table: passings.map((order) => [...order, "claim"]),
};

/** Puts the event on the bus, and goes on when the router has come to a stop with it, or is done. */
async function send({ doors, aws }: Stage): Promise<void> {
  const envelope = { v: 1, id: PAID.id, ts: aws.clock.now(), env: "main", data: PAID.data } as const;
  await doors.world.bus.send("laws", [{ name: PAID.name, envelope }]);
  await aws.time.settle();
}

const resumed = { run: { status: "completed", output: { id: 7 } }, problems: [] };

describe("FI-01 a matching event that comes after a wait has begun resolves it, in every interleaving", {
  timeout: 300_000,
}, () => {
  describe.each(["stepFunctions", "table"] as const)("waits: %s", (waits) => {
    it.each(orders[waits].map((order) => [order.join(", "), order] as const))("%s", async (_, order) => {
      const stage = await open(awaiting(waits));
      const held = new Map(order.map((mark) => [mark, holdUp(stage, CALLS[mark])]));
      const { run, problems } = await perform(stage, async () => {
        // The step is there, and the runner is about to store the listener.
        expect(held.get("listener")?.reached).toBe(true);
        await send(stage);
        for (const mark of order) {
          held.get(mark)?.release();
          await stage.aws.time.settle();
        }
        await stage.pass(MINUTE_MS);
        expect((await stage.cloud.runsOf("start"))[0]?.status).toBe("completed");
      });
      expect({ run, problems }).toMatchObject(resumed);
    });

    it("also when it comes right after the step is written, and is routed at once", async () => {
      const { calls } = await play({ name: "calm", ...awaiting(waits) });
      const written = calls.findIndex((call) => call.startsWith("PutItem run#")) + 1;
      const stage = await open(awaiting(waits));
      const runner = holdUp(stage, written + 1);
      const { run, problems } = await perform(stage, async () => {
        expect(runner.reached).toBe(true);
        await send(stage);
        runner.release();
        await stage.pass(MINUTE_MS);
      });
      expect({ run, problems }).toMatchObject(resumed);
    });

    it("also when it is the second of those that the step waits for, wherever its set-up stands", async () => {
      const several = awaiting(waits, ["laws/other", PAID.name]);
      const { calls } = await play({ name: "calm", ...several });
      const from = calls.findIndex((call) => call.startsWith("PutItem run#")) + 1;
      const to = calls.findIndex((call) => call.includes("(SET #armed)"));
      expect(to - from).toBeGreaterThanOrEqual(5);
      for (let at = from; at < to; at++) {
        const stage = await open(several);
        const runner = holdUp(stage, at + 1);
        const { run, problems } = await perform(stage, async () => {
          expect(runner.reached, calls[at]).toBe(true);
          await send(stage);
          runner.release();
          await stage.pass(MINUTE_MS);
          expect((await stage.cloud.runsOf("start"))[0]?.status, calls[at]).toBe("completed");
        });
        expect({ run, problems }).toMatchObject(resumed);
        await close(stage);
      }
    });

    it("and leaves no listener of the others, though the process that stores them dies when it has come", async () => {
      const several = awaiting(waits, [PAID.name, "laws/other"]);
      const stage = await open(several, [{ kind: "crashAfter", at: "PutItem listener#laws/other" }]);
      const runner = holdUp(stage, "PutItem listener#laws/other");
      const { run, problems } = await perform(stage, async () => {
        expect(runner.reached).toBe(true);
        await send(stage);
        runner.release();
        await stage.pass(MINUTE_MS);
      });
      expect(stage.faults.struck).toHaveLength(1);
      expect({ run, problems }).toMatchObject(resumed);
    });

    it("also when the process that sets it up dies on the way, and the event comes before the next one takes over", async () => {
      for (const at of ["step#", "listener#", "arrived#", waits === "table" ? "schedule" : "StartExecution"]) {
        const stage = await open(awaiting(waits), [{ kind: "crashAfter", at }]);
        const { run, problems } = await perform(stage, async () => {
          await stage.pass(2_000);
          await send(stage);
          await stage.pass(MINUTE_MS);
          expect({ at, status: (await stage.cloud.runsOf("start"))[0]?.status }).toEqual({ at, status: "completed" });
        });
        expect({ at, run, problems }).toMatchObject(resumed);
        await close(stage);
      }
    });
  });

  it("an event that the code has been given does not resolve the wait that comes next, also if it is delivered again", async () => {
    const stage = await open({
      functions: one(async ({ step }) => {
        const events = [];
        for (const id of ["first", "second"])
          events.push(await step.waitForEvent(id, { event: PAID.name, match: "data.id", timeout: "1h" }));
        return events.map((event) => event?.id ?? null);
      }),
    });
    disturb(stage.aws, twice(400), APP);
    const { run, problems } = await perform(stage, async () => {
      await stage.pass(30_000);
      await stage.cloud.send(PAID);
    });
    expect({ run, problems }).toMatchObject({ run: { output: [PAID.id, null] }, problems: [] });
  });
});
