import { DeleteScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { begin, openShop } from "./cloud.ts";
import { stepwell } from "./stepwell.ts";

/** Takes away what would have woken a run. */
async function loseTimer({ url }: LocalCloud): Promise<void> {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new SchedulerClient({ endpoint: url, region: "us-east-1", credentials });
  const { Schedules = [] } = await client.send(new ListSchedulesCommand({ GroupName: "stepwell" }));
  for (const { Name } of Schedules) await client.send(new DeleteScheduleCommand({ GroupName: "stepwell", Name }));
}

describe("stepwell audit", () => {
  it("says that all laws hold, and what was looked at", async () => {
    const cloud = await openShop();
    await begin(cloud, "shop/nap");
    await begin(cloud, "shop/order.placed");
    const { code, out, err } = await stepwell(["audit", "--url", cloud.url]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^All laws hold in the local cloud at \S+: \d+ items, 1 schedules, 0 waits and 0 messages were looked at\.\n$/,
    );
  });

  it("finds a run that nothing will wake, and with --repair wakes it", async () => {
    const cloud = await openShop();
    const run = await begin(cloud, "shop/nap");
    await loseTimer(cloud);
    const found = await stepwell(["audit", "--url", cloud.url]);
    expect(found).toMatchObject({ code: 1, err: expect.stringContaining("Everything is read again") });
    expect(found.out).toContain(`- the run ${run} of shop/nap is sleeping, and nothing will wake it but the sweeper\n`);
    const { code, out } = await stepwell(["audit", "--url", cloud.url, "--repair", "--json"]);
    const findings = [
      { law: "L3", runId: run },
      { law: "L7", runId: run },
    ];
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 1, ok: false, findings, unsure: [], woken: [run] });
    await cloud.passTime(0);
    expect(await stepwell(["audit", "--url", cloud.url])).toMatchObject({ code: 0 });
    await cloud.passTime("1h");
    expect(await cloud.run(run)).toMatchObject({ status: "completed" });
  });
});
