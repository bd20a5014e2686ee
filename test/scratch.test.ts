import { Stepwell } from "stepwell";
import { startLocal } from "stepwell/local";
import { expect, it } from "vitest";

const client = new Stepwell({ id: "scratch" });
const open = async (concurrency: object[] | undefined, count: number) => {
  const log: string[] = [];
  let now = 0,
    most = 0;
  const fn = client.createFunction({ id: "one" }, { event: "s/one" }, async ({ step, event }) => {
    now++;
    most = Math.max(most, now);
    log.push(`> ${event.data.n}`);
    await step.run("a", () => 1);
    now--;
    await step.sleep("s", "500ms");
    now++;
    most = Math.max(most, now);
    await step.run("b", () => 1);
    log.push(`< ${event.data.n}`);
    now--;
  });
  if (concurrency) Object.assign(fn.manifest, { flow: { concurrency } });
  const cloud = await startLocal({ client, functions: [fn], clock: "virtual" });
  const { ids } = await cloud.send(Array.from({ length: count }, (_, n) => ({ name: "s/one", data: { n } })));
  for (const id of ids) {
    const [run] = await cloud.runsOf(id);
    const r = await cloud.waitForRun(run?.id);
    expect(r.status).toBe("completed");
  }
  const meter = cloud.meter();
  const dead = await cloud.deadLetters();
  const report = await cloud.sweep();
  await cloud.close();
  return { log, most, meter, dead, report };
};
it.each([
  [1, 5],
  [2, 7],
  [10, 30],
])("limit %d of %d", async (limit, count) => {
  const base = await open(undefined, count);
  const got = await open([{ limit, scope: "fn" }], count);
  console.log(got.log.join(" "), got.most, got.dead, got.report);
  console.log(
    (got.meter.writeUnits - base.meter.writeUnits) / count,
    (got.meter.readUnits - base.meter.readUnits) / count,
    JSON.stringify(base.meter.calls),
    JSON.stringify(got.meter.calls),
  );
});
