import { describe, expect, it } from "vitest";
import { Activity } from "../../local/activity.ts";
import { Schedule } from "../../sim/schedule.ts";

const ranks: Readonly<Record<string, number>> = { first: 0.1, second: 0.2, third: 0.3 };
const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

function open() {
  const activity = new Activity();
  const schedule = new Schedule(activity, (name) => ranks[name] ?? 0);
  const made: string[] = [];
  const call = async (name: string, takesTurns = 0) => {
    const end = await schedule.turn(name);
    made.push(`${name} begins`);
    for (let i = 0; i < takesTurns; i++) await turnOfLoop();
    made.push(`${name} ends`);
    end();
  };
  return { activity, made, call };
}

describe("calls of several processes", () => {
  it("are made by their rank, whoever came first, and one after the other", async () => {
    const { made, call } = open();
    await Promise.all([call("third"), call("first", 20), call("second")]);
    const order = ["first begins", "first ends", "second begins", "second ends", "third begins", "third ends"];
    expect(made).toEqual(order);
  });

  it("wait for what an answer sets off", async () => {
    const { made, call } = open();
    const chain = async () => {
      await call("second");
      for (let turn = 0; turn < 3; turn++) await turnOfLoop();
      await call("first");
    };
    await Promise.all([chain(), call("third")]);
    expect(made.filter((line) => line.endsWith("begins"))).toEqual(["second begins", "first begins", "third begins"]);
  });

  it("hold time up while one of them waits, and no longer", async () => {
    const { activity, call } = open();
    const calling = call("first");
    expect(activity.busy).toBe(1);
    await calling;
    for (let turn = 0; turn < 20; turn++) await turnOfLoop();
    expect(activity.busy).toBe(0);
  });
});
