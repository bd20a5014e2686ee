// Code as it is written for Inngest v3. It compiles against that package with "inngest" in the place of "stepwell/inngest".
import {
  type EventPayload,
  EventSchemas,
  type FailureEventArgs,
  type GetEvents,
  type GetFunctionInput,
  type GetFunctionOutput,
  type GetStepTools,
  Inngest,
  type InngestFunction,
  NonRetriableError,
  RetryAfterError,
  referenceFunction,
  StepError,
} from "stepwell/inngest";
import { z } from "zod";

type Recorded = {
  "app/user.created": { data: { userId: string; plan: "free" | "pro"; signedUpAt: string } };
  "app/user.deleted": { data: { userId: string } };
  "app/report.requested": { data: { rows: number[] }; user: { email: string } };
};

export const inngest = new Inngest({
  id: "Program of v3",
  schemas: new EventSchemas()
    .fromRecord<Recorded>()
    .fromSchema({ "app/invoice.paid": z.object({ invoiceId: z.string(), cents: z.number() }) }),
  eventKey: "key",
  isDev: false,
});
export const untyped = new Inngest({ id: "Program of v3" });

export const welcome = inngest.createFunction(
  {
    id: "Welcome user",
    name: "Welcomes a user",
    retries: 3,
    concurrency: [
      { limit: 5, key: "event.data.userId" },
      { scope: "account", key: `"mail"`, limit: 60 },
    ],
    throttle: { limit: 10, period: "1m", burst: 2, key: "event.data.plan" },
    priority: { run: "event.data.plan == 'pro' ? 120 : 0" },
    idempotency: "event.data.userId",
    timeouts: { start: "1h", finish: "2d" },
    cancelOn: [{ event: "app/user.deleted", match: "data.userId", timeout: "7d" }],
    onFailure: async ({ error, event, step }) => {
      await step.run("explain", () => explain({ error, event }));
      const text: string = `${error.message} ${event.data.error.message} ${event.data.run_id} ${event.data.function_id}`;
      await step.run("report", () => text);
      return event.data.event.data.userId;
    },
  },
  { event: "app/user.created", if: "event.data.plan != 'none'" },
  async ({ event, events, step, runId, attempt, maxAttempts, logger }) => {
    const plan: "free" | "pro" = event.data.plan;
    if (event.name === "app/user.created") logger.info("created", { id: event.id, ts: event.ts });
    if (event.name === "inngest/function.invoked") logger.info("invoked");
    const mail = await step.run({ id: "mail", name: "Sends a mail" }, async () => ({ at: new Date(), to: plan }));
    const sentAt: string = mail.at;
    const nothing = await step.run("nothing", () => {});
    const nil: null = nothing;
    await step.sleep("grace", "1h");
    await step.sleep("moment", 1000);
    await step.sleepUntil("until", new Date(Date.now() + 1000));
    await step.sleepUntil("text", "2020-01-01T00:00:00Z");
    const paid = await step.waitForEvent("paid", {
      event: "app/invoice.paid",
      timeout: "3d",
      if: "async.data.invoiceId == event.data.userId",
    });
    const cents: number | undefined = paid?.data.cents;
    const { ids } = await step.sendEvent("report", {
      name: "app/report.requested",
      data: { rows: [1, 2] },
      user: { email: "a@b.c" },
    });
    const first: string | undefined = ids[0];
    const length = await step.run("count", (rows: number[]) => rows.length, [1, 2, 3]);
    const total = await step.invoke("sum", {
      function: sum,
      data: { rows: [1, 2, 3] },
      user: { email: "a@b.c" },
      timeout: "1h",
    });
    return { sentAt, nil, cents, first, count: length + total, batch: events.length, runId, attempt, maxAttempts };
  },
);

export const sum = inngest.createFunction({ id: "sum" }, { event: "app/report.requested" }, ({ event }) =>
  event.data.rows.reduce((all, row) => all + row, 0),
);

export const several = inngest.createFunction(
  { id: "several" },
  [{ event: "app/user.created" }, { event: "app/user.deleted" }, { cron: "TZ=Europe/Rome 0 9 * * 1-5" }],
  async ({ event }) => {
    if (event.name === "inngest/scheduled.timer") return event.data.cron;
    if (event.name === "app/user.created") return event.data.plan;
    if (event.name === "app/user.deleted") return event.data.userId;
    return "invoked";
  },
);

export const failures = inngest.createFunction(
  { id: "failures" },
  { event: "inngest/function.failed" },
  async ({ event, step }) => step.run("log", () => `${event.data.function_id}: ${event.data.error.message}`),
);

export const errors = untyped.createFunction({ id: "errors" }, { event: "app/errors" }, async ({ event, step }) => {
  try {
    await step.run("throws", async () => {
      if (event.data.kind === "never") throw new NonRetriableError("no", { cause: new Error("why") });
      if (event.data.kind === "later") throw new RetryAfterError("later", new Date(Date.now() + 60_000));
      throw new RetryAfterError("soon", "30s");
    });
  } catch (error) {
    if (error instanceof StepError) return { failed: error.message, step: error.stepId };
    throw error;
  }
  return { failed: event.user.email as string, step: "" };
});

type Input = GetFunctionInput<typeof inngest, "app/user.created">;
type Tools = GetStepTools<typeof inngest>;
type Created = GetEvents<typeof inngest>["app/user.created"];

export const planOf = ({ event }: Input): Created["data"]["plan"] => event.data.plan;
export const fetchName = (step: Tools, userId: string) => step.run("fetch-name", () => `name of ${userId}`);

export const helped = inngest.createFunction({ id: "helped" }, { event: "app/user.created" }, async (input) => ({
  plan: planOf(input),
  name: await fetchName(input.step, input.event.data.userId),
}));
type Helped = GetFunctionOutput<typeof helped>;
export const show = (helped: Helped): string => `${helped.name} ${helped.plan}`;

export const describe = (payload: EventPayload<{ total: number }>): string => `${payload.name} ${payload.data?.total}`;
export const explain = ({ error, event }: FailureEventArgs): string => `${event.data.event.name}: ${error.message}`;

const reference = referenceFunction<typeof sum>({ functionId: "sum" });
export const byReference = untyped.createFunction(
  { id: "by-reference" },
  { event: "app/by.reference" },
  async ({ step }) => {
    const result: number = await step.invoke("sum", {
      function: reference,
      data: { rows: [4] },
      user: { email: "a@b.c" },
    });
    return result;
  },
);

export const functions: InngestFunction.Any[] = [welcome, sum, several, failures, errors, helped, byReference];

export const sendAll = async (): Promise<string[]> => {
  const { ids } = await inngest.send([
    { name: "app/user.deleted", data: { userId: "u1" } },
    { name: "app/invoice.paid", data: { invoiceId: "i1", cents: 12 }, id: "paid-i1", ts: Date.now() },
  ]);
  return ids;
};
