import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { difference } from "../../local/meter.ts";
import { type Input, type Line, on, openCloud, start, stepwell } from "./cloud.ts";

type Conflict = "fail" | "replace";

/** A run for each event `shop/wait`, which waits for the signal that the event names. */
const waiting = ({ event, step }: Input): Promise<unknown> => {
  const {
    signal,
    onConflict,
    timeout = "7d",
  } = event.data as { signal: string; onConflict?: Conflict; timeout?: string };
  return step.waitForSignal("answer", { signal, timeout, ...(onConflict && { onConflict }) });
};

const begin = (cloud: LocalCloud, data: object) => start(cloud, { name: "shop/wait", data });

describe.each(["stepFunctions", "table"] as const)("waitForSignal by %s", (waits) => {
  const open = (handler: (input: Input) => unknown = waiting, lines: Line[] = []) =>
    openCloud([on("wait", handler)], { waits }, lines);

  it("gives the signal of its name and its data to the one that waits", async () => {
    const cloud = await open();
    const run = await begin(cloud, { signal: "approval/1" });
    const other = await begin(cloud, { signal: "approval/2" });
    expect(run).toMatchObject({ status: "waiting", waitingFor: { kind: "signal", signal: "approval/1" } });
    expect((await cloud.sendSignal({ signal: "approval/1", data: { ok: true, at: new Date(0) } })).runId).toBe(run.id);
    const output = { signal: "approval/1", data: { ok: true, at: "1970-01-01T00:00:00.000Z" } };
    expect(await cloud.run(run.id)).toMatchObject({
      status: "completed",
      output,
      steps: [{ kind: "waitForSignal", output }],
    });
    expect((await cloud.run(other.id))?.status).toBe("waiting");
    await cloud.sendSignal({ signal: "approval/2" });
    expect((await cloud.run(other.id))?.output).toEqual({ signal: "approval/2", data: null });
  });

  it("is null when its time is over, and the name is free then", async () => {
    const cloud = await open();
    const run = await begin(cloud, { signal: "s", timeout: "1h" });
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: null });
    const next = await begin(cloud, { signal: "s" });
    expect((await cloud.sendSignal({ signal: "s", data: 2 })).runId).toBe(next.id);
    expect((await cloud.run(next.id))?.output).toEqual({ signal: "s", data: 2 });
  });

  it("a signal that nobody waits for is dropped, and the log says so", async () => {
    const lines: Line[] = [];
    const cloud = await open(waiting, lines);
    const { id, runId } = await cloud.sendSignal({ signal: "s" });
    expect(runId).toBeUndefined();
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: "a signal is dropped, since nobody waits for it",
        fields: { signal: "s", app: "shop", id },
      }),
    );
    const run = await begin(cloud, { signal: "s" });
    expect(run.status).toBe("waiting");
  });

  it("fails who asks for a name that another waits for, by a code, and the other goes on waiting", async () => {
    const cloud = await open();
    const first = await begin(cloud, { signal: "s" });
    const second = await begin(cloud, { signal: "s" });
    expect(second).toMatchObject({ status: "failed", error: { code: "STEPWELL_SIGNAL_CONFLICT" } });
    expect(second.error?.message).toContain(first.id);
    await cloud.sendSignal({ signal: "s", data: 1 });
    expect((await cloud.run(first.id))?.output).toEqual({ signal: "s", data: 1 });
  });

  it("replaces the one that waits, which ends with null at once, and leaves no timer behind", async () => {
    const cloud = await open();
    const first = await begin(cloud, { signal: "s" });
    const second = await begin(cloud, { signal: "s", onConflict: "replace" });
    expect(await cloud.run(first.id)).toMatchObject({ status: "completed", output: null });
    expect((await cloud.sendSignal({ signal: "s", data: 2 })).runId).toBe(second.id);
    expect((await cloud.run(second.id))?.output).toEqual({ signal: "s", data: 2 });
    const before = cloud.meter();
    await cloud.passTime("30d");
    expect(difference(before, cloud.meter()).invocations).toBe(0);
  });

  it("may wait for one name again and again, in a loop, each time for another signal", async () => {
    const cloud = await open(async ({ step }) => {
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i++) seen.push((await step.waitForSignal("next", { signal: "s", timeout: "1h" }))?.data);
      return seen;
    });
    const run = await start(cloud, { name: "shop/wait" });
    for (const data of [1, 2, 3]) await cloud.sendSignal({ signal: "s", data });
    expect((await cloud.run(run.id))?.output).toEqual([1, 2, 3]);
  });

  it("frees its name when its run ends without it, is cancelled, or loses a race", async () => {
    const cloud = await open(async (input) => {
      const { event, step, group } = input;
      const { how } = event.data as { how: string };
      const wait = () => step.waitForSignal("answer", { signal: "s", timeout: "7d" });
      if (how === "race") await group.parallel(() => Promise.race([wait(), step.sleep("short", "1m")]));
      if (how === "race" || how === "end") {
        if (how === "end") void wait();
        await step.sleep("patience", how === "end" ? "1m" : "3d");
        return how;
      }
      return wait();
    });
    for (const how of ["race", "end", "cancel"]) {
      const run = await start(cloud, { name: "shop/wait", data: { how } });
      if (how === "cancel") await cloud.cancel(run.id);
      else await cloud.passTime("2m");
      const next = await start(cloud, { name: "shop/wait", data: { how: "wait" } });
      expect({ how, status: next.status }).toEqual({ how, status: "waiting" });
      expect((await cloud.sendSignal({ signal: "s", data: how })).runId).toBe(next.id);
      expect((await cloud.run(next.id))?.output).toEqual({ signal: "s", data: how });
    }
  });

  it("is sent once by a step, however often the step is tried, and by a client", async () => {
    let tries = 0;
    const cloud = await openCloud(
      [
        on("wait", waiting),
        on("send", async ({ step }) => {
          const sent = await step.sendSignal("tell", { signal: "s", data: { from: "step" } });
          await step.run("flaky", () => {
            if (++tries < 3) throw new Error("again");
          });
          await stepwell.sendSignal({ signal: "t", data: "from a client" });
          return sent;
        }),
      ],
      { waits },
    );
    const s = await begin(cloud, { signal: "s" });
    const t = await begin(cloud, { signal: "t" });
    const sender = await start(cloud, { name: "shop/send" });
    expect((await cloud.waitForRun(sender.id)).output).toEqual({ id: expect.stringContaining(sender.id) });
    expect((await cloud.run(s.id))?.output).toEqual({ signal: "s", data: { from: "step" } });
    expect((await cloud.run(t.id))?.output).toEqual({ signal: "t", data: "from a client" });
  });

  it("carries 5 MB, and belongs to an app", async () => {
    const lines: Line[] = [];
    const cloud = await open(waiting, lines);
    const run = await begin(cloud, { signal: "large" });
    await cloud.sendSignal({ signal: "large", data: "elsewhere", appId: "other" });
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.sendSignal({ signal: "large", data: "x".repeat(5 * 1024 * 1024) });
    const output = (await cloud.run(run.id))?.output as { data: string };
    expect(output.data.length).toBe(5 * 1024 * 1024);
  });
});

describe("a signal that cannot be sent", () => {
  it.each([
    ["nothing", undefined, "must be given { signal, data?, appId? }"],
    ["no name", { data: 1 }, "signal: must be a text"],
    ["too long a name", { signal: "x".repeat(257) }, "1 to 256"],
    ["data that is no JSON", { signal: "s", data: { n: 1n } }, "data.n"],
    ["a wrong app", { signal: "s", appId: "A b" }, "appId"],
    ["an unknown option", { signal: "s", to: "x" }, '"to"'],
  ])("is refused: %s", async (_, signal, message) => {
    const error = await stepwell.sendSignal(signal as never).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "STEPWELL_INVALID_OPTION", message: expect.stringContaining(message) });
  });
});
