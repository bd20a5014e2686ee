import { describe, expect, it } from "vitest";
import type { Listener } from "../../lambdas/engine/types.ts";
import type { Fault } from "../../sim/faults.ts";
import type { Scenario, Stage } from "../laws/harness.ts";
import { MINUTE_MS, one } from "../laws/scenarios.ts";
import { playOn } from "./on-stage.ts";

/** Events with these ids, one every five minutes; a name is the id up to its number. */
const sendAll =
  (...ids: readonly string[]) =>
  async ({ pass, cloud }: Stage) => {
    for (const id of ids) {
      await pass(5 * MINUTE_MS);
      await cloud.send({ id, name: `laws/${id.split("-")[0]}`, data: { id: 7 } });
    }
    await pass(MINUTE_MS);
  };

const MACHINES = ["stepFunctions", "table"] as const;

describe.each(MACHINES)("B-2: a lost race consumes nothing (L7, %s)", (waits) => {
  it("the loser of two waits in a race gets its event, and so does whoever waits for it now, and then the next one", async () => {
    const racing: Scenario = {
      name: "two waits in a race",
      waits,
      functions: one(async ({ step }, { notebook }) => {
        const wait = async (id: string, event: string) => {
          const got = await step.waitForEvent(id, { event, match: "data.id", timeout: "1h" });
          notebook.hand(id, got?.id);
          return got?.id;
        };
        const first = await Promise.race([wait("winner", "laws/one"), wait("loser", "laws/two")]);
        return [first, await wait("next", "laws/two"), await wait("after", "laws/two")];
      }),
      script: sendAll("one-1", "two-1", "two-2"),
    };
    const { run, problems } = await playOn(racing);
    expect({ output: run.output, problems }).toEqual({ output: ["one-1", "two-1", "two-2"], problems: [] });
  });

  /** What leaves the listener of a wait behind that has timed out. */
  const leftBehind: readonly (readonly Fault[])[] = [
    [],
    [{ kind: "crashBefore", at: "DeleteItem listener#" }],
    [{ kind: "failBefore", at: "DeleteItem listener#" }],
    [{ kind: "freeze", at: "DeleteItem listener#" }],
  ];

  it.each(leftBehind.map((faults) => [faults[0]?.kind ?? "nothing", faults] as const))(
    "a wait that has timed out, whose listener is left behind (%s), keeps its result, and the next wait gets the event",
    async (_, faults) => {
      const late: Scenario = {
        name: "one wait after another",
        waits,
        functions: one(async ({ step }, { notebook }) => {
          const wait = async (id: string, timeout: string) => {
            const got = await step.waitForEvent(id, { event: "laws/two", match: "data.id", timeout });
            notebook.hand(id, got?.id);
            return got?.id ?? "nothing";
          };
          const early = await wait("early", "1m");
          // Both are open when the event comes: its order is that of the code.
          const both = await Promise.all([wait("next", "1h"), wait("too", "1h")]);
          await step.sleep("replay", "10m");
          return [early, ...both, await wait("after", "1h")];
        }),
        script: sendAll("two-1", "nobody-1", "nobody-2", "nobody-3", "two-2"),
      };
      const { run, problems } = await playOn(late, faults);
      const output = ["nothing", "two-1", "two-1", "two-2"];
      expect({ output: run.output, problems }).toEqual({ output, problems: [] });
    },
  );
});

describe("B-2: a stale listener in the way of an event (L7)", { timeout: 300_000 }, () => {
  it("of a wait that has its result changes nothing, is taken away, and holds back nobody", async () => {
    const stale: Scenario = {
      name: "a listener that should not be there",
      functions: one(async ({ step }, { notebook }) => {
        const early = await step.waitForEvent("early", { event: "laws/two", match: "data.id", timeout: "1m" });
        notebook.hand("early", early?.id ?? "nothing");
        const next = await step.waitForEvent("next", { event: "laws/two", match: "data.id", timeout: "1h" });
        await step.sleep("replay", "10m");
        return [early, next?.id];
      }),
      script: async (stage) => {
        const { listeners } = stage.doors.world;
        const [path] = await listeners.paths("main", "laws/two");
        const partition = stage.faults.calls.find((call) => call.startsWith("PutItem listener#"))?.split(/[ /]/) ?? [];
        expect(path).toBeDefined();
        const pk = `main#laws#${partition.slice(1, 3).join("/")}`;
        const stored = async () => {
          const found: Listener[] = [];
          for await (const listener of listeners.find(pk)) found.push(listener);
          return found;
        };
        const [listener] = await stored();
        await stage.pass(2 * MINUTE_MS);
        // As a process would have left it that stood still.
        if (listener !== undefined) await listeners.put(listener);
        await sendAll("two-1")(stage);
        await stage.pass(20 * MINUTE_MS);
        expect({ listener: listener?.event, left: await stored() }).toEqual({ listener: "laws/two", left: [] });
      },
    };
    const { run, problems } = await playOn(stale);
    expect({ output: run.output, problems }).toEqual({ output: [null, "two-1"], problems: [] });
  });
});
