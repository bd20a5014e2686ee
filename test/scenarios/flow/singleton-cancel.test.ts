import { describe, expect, it } from "vitest";
import { type Input, MINUTE, on, openCloud } from "../cloud.ts";
import { sendOne } from "./flow.ts";

describe("singleton, mode cancel", () => {
  const flow = { singleton: { mode: "cancel", key: "event.data.user" } } as const;
  const sleeper = ({ step }: Input) => step.sleep("nap", "10m");
  const open = () => openCloud([on("import", sleeper, flow)]);
  const event = (user: string, id?: string) => ({ name: "shop/import", data: { user }, ...(id && { id }) });

  it("has the newest run of each key alone: it cancels the one before, and names itself", async () => {
    const cloud = await open();
    const [first, other] = [await sendOne(cloud, event("a")), await sendOne(cloud, event("b"))];
    await cloud.passTime(MINUTE);
    const second = await sendOne(cloud, event("a"));
    const third = await sendOne(cloud, event("a"));
    const ends = await Promise.all([first, second, third, other].map(({ id }) => cloud.waitForRun(id)));
    expect(ends.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "completed", "completed"]);
  });

  it("gives the lock back however often it went on: the next run cancels nobody", async () => {
    const cloud = await open();
    for (let i = 0; i < 2; i++) {
      await sendOne(cloud, event("a"));
      const second = await sendOne(cloud, event("a"));
      expect(await cloud.waitForRun(second.id)).toMatchObject({ status: "completed" });
    }
    const statuses = (await cloud.runs()).map(({ status }) => status);
    expect(statuses.sort()).toEqual(["cancelled", "cancelled", "completed", "completed"]);
  });

  it("is not won back by an older event that is delivered again", async () => {
    const cloud = await open();
    const older = await sendOne(cloud, event("a", "older"));
    await cloud.passTime(MINUTE);
    const newer = await sendOne(cloud, event("a", "newer"));
    await sendOne(cloud, event("a", "older"));
    await cloud.passTime(MINUTE);
    expect(await cloud.run(newer.id)).toMatchObject({ status: "sleeping" });
    expect(await cloud.run(older.id)).toMatchObject({ status: "cancelled" });
  });
});
