import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { realClock, virtualClock } from "../../local/clock.ts";
import { runWithVirtualDate } from "../../local/virtual-date.ts";
import { DAY, openAws, SECOND, START } from "./open.ts";

it("a virtual clock runs what is due in order of time, then of insertion, also what is added on the way", async () => {
  const { aws } = await openAws();
  const { clock, time } = aws;
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name}@${(clock.now() - START) / SECOND}`);
  clock.at(START + 3 * SECOND, note("c"));
  clock.at(START + 1 * SECOND, note("a1"));
  clock.at(START + 1 * SECOND, note("a2"));
  clock.at(START + 2 * SECOND, () => {
    note("b")();
    clock.at(START + 2.5 * SECOND, note("added"));
  });
  const cancel = clock.at(START + 2 * SECOND, note("cancelled"));
  clock.at(START + 11 * SECOND, note("too late"));
  cancel();
  await time.passTime(10 * SECOND);
  expect(ran).toEqual(["a1@1", "a2@1", "b@2", "added@2.5", "c@3"]);
  expect(clock.now()).toBe(START + 10 * SECOND);
  expect(time.nextDue()).toBe(START + 11 * SECOND);
});

it("what is due already runs without anybody moving the clock", async () => {
  const clock = virtualClock(START);
  await new Promise<void>((resolve) => clock.at(START - 1, resolve));
});

it("time stands still while an invocation works, also when that takes real time", async () => {
  const { aws } = await openAws();
  aws.sqs.createQueue("jobs");
  const seen: number[] = [];
  aws.lambda.register("worker", async () => {
    seen.push(Date.now());
    await sleep(30);
    seen.push(Date.now());
  });
  aws.lambda.addEventSource("worker", "arn:aws:sqs:us-east-1:000000000000:jobs");
  aws.clock.at(START + 5 * SECOND, () => aws.sqs.deliver("arn:aws:sqs:us-east-1:000000000000:jobs", "x"));
  await aws.time.passTime(DAY);
  expect(seen).toEqual([START + 5 * SECOND, START + 5 * SECOND]);
});

it("an invocation that pauses is woken by passing time, and settle does not wait for it", async () => {
  const { aws } = await openAws();
  let woken = 0;
  aws.lambda.register("sleeper", async () => {
    await new Promise<void>((resolve) => aws.clock.pause(aws.clock.now() + 500, resolve));
    woken = Date.now();
  });
  const invoked = aws.lambda.invoke("sleeper", {});
  await aws.time.settle();
  expect(woken).toBe(0);
  await aws.time.passTime(500);
  expect(woken).toBe(START + 500);
  expect(await invoked).toEqual({ kind: "value", value: undefined });
});

it("passTime crosses the deadline of an invocation that hangs", async () => {
  const { aws } = await openAws();
  aws.lambda.register("stuck", () => new Promise(() => {}), { timeoutMs: 3 * SECOND });
  const invoked = aws.lambda.invoke("stuck", {});
  await aws.time.passTime(3 * SECOND);
  expect(await invoked).toEqual({ kind: "timeout" });
});

it("several may pass to the same time: it passes once", async () => {
  const { aws } = await openAws();
  await Promise.all([1, 2, 3].map(() => aws.time.passTo(START + DAY)));
  await aws.time.passTo(START);
  expect(aws.clock.now()).toBe(START + DAY);
});

it("the end of a jump is told once", async () => {
  const { aws } = await openAws();
  let ends = 0;
  for (let n = 1; n <= 5; n++) aws.clock.at(START + n * SECOND, () => {});
  await aws.time.passTime(10 * SECOND, { onJumpEnd: () => void ends++ });
  expect(ends).toBe(1);
});

it("inside of an invocation Date reads virtual time, outside it stays what it was", async () => {
  await openAws();
  const clock = virtualClock(START);
  await runWithVirtualDate(clock, async () => {
    await Promise.resolve();
    expect(Date.now()).toBe(START);
    expect(new Date().toISOString()).toBe("2026-01-01T00:00:00.000Z");
    expect(Date()).toBe(new Date(START).toString());
    expect(new Date(5).getTime()).toBe(5);
    expect(new Date()).toBeInstanceOf(Date);
    expect(Date.UTC(2026, 0, 1)).toBe(START);
    expect(new Date().constructor).toBe(Date);
    class Day extends Date {}
    expect(new Day()).toBeInstanceOf(Day);
    expect(new Day().getTime()).toBe(START);
  });
  const real = realClock();
  expect(Math.abs(Date.now() - real.now())).toBeLessThan(60 * SECOND);
});

it("the real clock has nothing to settle, and cannot be moved", async () => {
  const { aws } = await openAws({ clock: realClock() });
  await aws.time.settle();
  await expect(aws.time.passTime(1)).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: expect.stringContaining("virtual"),
  });
});

it("a virtual clock starts on a whole second", () => {
  expect(virtualClock().now() % SECOND).toBe(0);
});

it.each([
  ["real", realClock],
  ["virtual", () => virtualClock(START)],
] as const)("a %s clock that has stopped runs nothing any more", async (_kind, open) => {
  const clock = open();
  const ran: string[] = [];
  clock.at(clock.now(), () => void ran.push("before"));
  clock.stop();
  clock.at(clock.now(), () => void ran.push("after"));
  clock.pause(clock.now(), () => void ran.push("pause"));
  const other = realClock();
  await new Promise<void>((resolve) => {
    // Unlike the clock's own timers this one keeps the process waiting.
    const alive = setInterval(() => {}, SECOND);
    other.at(other.now() + 1, () => setImmediate(() => resolve(clearInterval(alive))));
  });
  expect(ran).toEqual([]);
});

it("closing lets an invocation end that is about to", async () => {
  const { aws } = await openAws({ clock: realClock() });
  let turns = 0;
  aws.lambda.register("worker", async () => {
    for (; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  });
  const invoked = aws.lambda.invoke("worker", {});
  await aws.close();
  expect(turns).toBe(20);
  expect((await invoked).kind).toBe("value");
});

it.each([-1, Number.NaN])("passTime(%s) is refused", async (ms) => {
  const { aws } = await openAws();
  await expect(aws.time.passTime(ms)).rejects.toMatchObject({
    code: "STEPWELL_INVALID_OPTION",
    message: `passTime takes milliseconds from 0 up, not ${ms}.`,
  });
});
