import { client, functions, OqronKit } from "stepwell/oqronkit";
import { describe, expect, it } from "vitest";
import { finish, openCloud } from "../dropin/cloud.ts";
import { calls, counts, fake, provide } from "./services.ts";
import "./examples/oqronkit-approval.ts";
import "./examples/oqronkit-configuration.ts";
import "./examples/oqronkit-fan-out.ts";
import "./examples/oqronkit-signup.ts";

type Route = (req: { body: object }, res: { json(body: object): void }) => Promise<void>;
const routes = new Map<string, Route>();

provide({
  app: { post: (path: string, route: Route) => routes.set(path, route) },
  db: {
    users: {
      create: fake("db.users.create", (user: object) => ({ id: "u1", ...user })),
      findById: fake("db.users.findById", () => ({ onboardingComplete: false })),
    },
  },
  stripe: { customers: { create: fake("stripe.customers.create", () => ({ id: "cus_1" })) } },
  ...Object.fromEntries(
    ["sendEmail", "sendSlack", "escalateToVP", "reimburse", "processFile"].map((name) => [name, fake(name)]),
  ),
});
await import("./examples/oqronkit-send.ts");
await OqronKit.init({ config: { project: "Seed of OqronKit" } });

const open = () => openCloud({ client: client(), functions: functions() });

describe("the examples of OqronKit", () => {
  it("user/signup: five steps over three days", async () => {
    const cloud = await open();
    const run = await finish(cloud, { name: "user.created", data: { userId: "u1", email: "a@b.c", name: "Ada" } });
    expect(run).toMatchObject({ functionId: "user-signup", output: { customerId: "cus_1", onboarded: false } });
    expect(calls).toEqual([
      ["stripe.customers.create", { email: "a@b.c", name: "Ada" }],
      ["sendEmail", { to: "a@b.c", template: "welcome", vars: { name: "Ada", customerId: "cus_1" } }],
      ["db.users.findById", "u1"],
      ["sendEmail", { to: "a@b.c", template: "onboarding-nudge" }],
    ]);
    expect(Math.round(((run.endedAt ?? 0) - run.queuedAt) / 3_600_000)).toBe(73);
  });

  it("the route that sends: the function starts", async () => {
    const cloud = await open();
    const answers: object[] = [];
    const route = routes.get("/api/signup");
    await route?.({ body: { email: "a@b.c", name: "Ada" } }, { json: (body) => void answers.push(body) });
    expect(answers).toEqual([{ userId: "u1" }]);
    await cloud.passTime("1s");
    expect(counts()).toEqual({ "db.users.create": 1, "stripe.customers.create": 1 });
    expect(await cloud.runs({ functionId: "user-signup" })).toHaveLength(1);
  });

  it("order/process: three functions in parallel, by position", async () => {
    const cloud = await open();
    const run = await finish(cloud, { name: "order.created", data: { sku: "s1", total: 12 } });
    expect(run.output).toEqual({ inventory: { reserved: "s1" }, payment: { charged: 12 }, notification: "sent" });
  });

  it("expense/approval: approved in time, by a match; else escalated", async () => {
    const cloud = await open();
    const submit = async (expenseId: string) => {
      const { ids } = await cloud.send({ name: "expense.submitted", data: { expenseId, amount: 7, managerId: "m" } });
      return (await cloud.runsOf(ids[0]))[0]?.id;
    };
    const [approved, forgotten] = [await submit("e1"), await submit("e2")];
    await cloud.passTime("47h");
    await cloud.send({ name: "expense.approved", data: { expenseId: "e1", approver: "boss" } });
    expect((await cloud.waitForRun(approved)).output).toEqual({ status: "approved", approvedBy: "boss" });
    expect((await cloud.waitForRun(forgotten)).output).toEqual({ status: "escalated" });
    expect(counts()).toEqual({ sendSlack: 2, reimburse: 1, escalateToVP: 1 });
    expect(calls[0]).toEqual(["sendSlack", "m", "Expense $7 needs approval"]);
  });

  it("heavy-processing: a batch, and a rate limit that drops the eleventh of a user", async () => {
    const cloud = await open();
    const files = Array.from({ length: 11 }, (_, i) => ({
      name: "file.uploaded",
      data: { fileId: `f${i}`, userId: "u1" },
    }));
    await cloud.send(files);
    await cloud.passTime("10s");
    const runs = (await cloud.runs({ functionId: "heavy-processing" })).filter(({ status }) => status !== "skipped");
    expect(runs.map(({ status }) => status)).toEqual(["completed"]);
    expect(counts()).toEqual({ processFile: 10 });
  });
});
