import { describe, expect, it } from "vitest";
import { difference } from "../../local/meter.ts";
import { on, openCloud, runHandler, start } from "./cloud.ts";

const never = (): Promise<never> => new Promise(() => {});

describe("a group whose steps race", () => {
  it("goes on with the first, aborts the signal of what runs, and waits for that body before the run ends", async () => {
    const seen: unknown[] = [];
    const { run } = await runHandler(({ step, group }) =>
      group.parallel({ mode: "race" }, () =>
        Promise.race([
          step.run("fast", () => "fast"),
          step.run("slow", async ({ signal }) => {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            seen.push(signal.reason.code);
            return "too late";
          }),
        ]),
      ),
    );
    expect(run).toMatchObject({ status: "completed", output: "fast" });
    expect(seen).toEqual(["STEPWELL_RACE_LOST"]);
  });

  it("begins nothing that has not begun when it is decided", async () => {
    const ran: string[] = [];
    const { run } = await runHandler(async ({ step, group }) => {
      const branch = async (name: string) => {
        await step.run(`${name}-1`, () => ran.push(`${name}-1`));
        await step.run(`${name}-2`, () => ran.push(`${name}-2`));
        if (name === "b") await step.run("b-3", () => ran.push("b-3"));
        return name;
      };
      const winner = await group.parallel(() => Promise.race([branch("a"), branch("b")]));
      await step.run("after", () => ran.push("after"));
      return winner;
    });
    expect(run.output).toBe("a");
    expect(ran).not.toContain("b-3");
    expect(run.steps.map(({ id }) => id)).not.toContain("b-3");
  });

  it("closes sleeps, waits and tries that have lost, at once, and nothing wakes the run for them", async () => {
    const cloud = await openCloud([
      on("race", async ({ step, group }) => {
        await group.parallel({ mode: "race" }, () =>
          Promise.race([
            step.sleep("short", "1h"),
            step.sleep("long", "2h"),
            step.waitForEvent("paid", { event: "shop/paid", timeout: "3h" }),
            step.run("failing", () =>
              Promise.reject(
                Object.assign(new Error("no"), { name: "RetryAfterError", retryAfter: { delayMs: 3 * 3_600_000 } }),
              ),
            ),
          ]),
        );
        await step.sleep("rest", "5d");
      }),
    ]);
    const run = await start(cloud, { name: "shop/race" });
    await cloud.passTime("1h 1m");
    const view = await cloud.run(run.id);
    expect(view?.steps.map(({ id, status }) => [id, status])).toEqual([
      ["short", "completed"],
      ["long", "cancelled"],
      ["paid", "cancelled"],
      ["failing", "cancelled"],
      ["rest", "sleeping"],
    ]);
    const before = cloud.meter();
    await cloud.passTime("4d");
    expect(difference(before, cloud.meter()).invocations).toBe(0);
    await cloud.send({ name: "shop/paid" });
    expect((await cloud.waitForRun(run.id)).status).toBe("completed");
  });

  it("has lost with the race around it, and decides by an error as well", async () => {
    const ran: string[] = [];
    const { run } = await runHandler(async ({ step, group }) => {
      const inner = () =>
        group.parallel(async () => {
          await step.sleep("inner-sleep", "2h");
          await step.run("inner", () => ran.push("inner"));
        });
      const outer = group.parallel(() =>
        Promise.race([
          inner(),
          step.sleep("outer", "1h").then(() => {
            throw new Error("decided by an error");
          }),
        ]),
      );
      const message = await outer.catch((error: Error) => error.message);
      await step.sleep("rest", "5h");
      return message;
    });
    expect(run).toMatchObject({ status: "completed", output: "decided by an error" });
    expect(ran).toEqual([]);
  });

  it("also when results are buffered", async () => {
    const cloud = await openCloud([
      on(
        "race",
        async ({ step, group }) => {
          const winner = await group.parallel(() =>
            Promise.race([step.run("fast", () => "fast"), step.sleep("long", "2h").then(() => "slow")]),
          );
          await step.sleep("rest", "5h");
          return winner;
        },
        { checkpointing: { bufferedSteps: 10 } },
      ),
    ]);
    const run = await start(cloud, { name: "shop/race" });
    expect(run.steps.map(({ id, status }) => [id, status])).toEqual([
      ["fast", "completed"],
      ["long", "cancelled"],
      ["rest", "sleeping"],
    ]);
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: "fast" });
  });

  it("with Promise.all loses nothing", async () => {
    const { run } = await runHandler(({ step, group }) =>
      group.parallel(() => Promise.all([step.run("a", () => 1), step.sleep("nap", "1h").then(() => 2)])),
    );
    expect(run.output).toEqual([1, 2]);
    expect(run.steps.map(({ status }) => status)).toEqual(["completed", "completed"]);
  });

  it.each([
    ["an unknown mode", [{ mode: "all" }, never], 'group.parallel: mode: must be "race", got "all"'],
    ["an unknown option", [{ made: "race" }, never], 'group.parallel: there is no option "made"'],
    ["no body", [{ mode: "race" }], "group.parallel: the arguments must be"],
    ["nothing", [], "group.parallel: the arguments must be"],
  ])("refuses %s", async (_, args, message) => {
    const { run } = await runHandler(({ group }) =>
      (group.parallel as (...args: unknown[]) => Promise<unknown>)(...args),
    );
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_INVALID_STEP" } });
    expect(run.error?.message).toContain(message);
  });
});

describe("the idempotency key of a step", () => {
  it("is the same for each try, also in another invocation, and another one for each step, repeat and run", async () => {
    const keys: Record<string, string[]> = {};
    const fn = on(
      "keys",
      async ({ step, runId }) => {
        const note = (id: string, failures: number) =>
          step.run(id, ({ idempotencyKey }) => {
            keys[`${runId} ${id}`] = [...(keys[`${runId} ${id}`] ?? []), idempotencyKey];
            if ((keys[`${runId} ${id}`] as string[]).length <= failures)
              throw Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs: 3_600_000 } });
          });
        await note("charge", 2);
        await note("repeat", 0);
        await note("repeat", 0);
      },
      { retries: 3 },
    );
    const cloud = await openCloud([fn]);
    const runs = [await start(cloud, { name: "shop/keys" }), await start(cloud, { name: "shop/keys" })];
    for (const { id } of runs) await cloud.waitForRun(id);
    for (const { id } of runs) {
      const [first, ...others] = keys[`${id} charge`] ?? [];
      expect(others).toEqual([first, first]);
      expect(first).toMatch(/^[A-Za-z0-9-]{43}$/);
    }
    expect(new Set(Object.values(keys).flat()).size).toBe(6);
  });
});
