// Code as it is written for Inngest v4. It compiles against that package with "inngest" in the place of "stepwell/inngest".
import {
  cron,
  eventType,
  type GetFunctionInput,
  type GetFunctionOutput,
  type GetStepTools,
  Inngest,
  type InngestFunction,
  invoke,
  NonRetriableError,
  referenceFunction,
  staticSchema,
} from "stepwell/inngest";
import { z } from "zod";

const userCreated = eventType("app/user.created", {
  schema: z.object({ userId: z.string(), plan: z.enum(["free", "pro"]) }),
});
const userDeleted = eventType("app/user.deleted", { schema: staticSchema<{ userId: string }>(), version: "2" });
const anything = eventType("app/anything");

export const inngest = new Inngest({ id: "program-of-v4", checkpointing: true, optimizeParallelism: true });

export const welcome = inngest.createFunction(
  {
    id: "welcome",
    triggers: [userCreated],
    retries: 2,
    concurrency: 10,
    cancelOn: [{ event: userDeleted, match: "data.userId" }],
    onFailure: async ({ error, event }) => `${event.data.run_id}: ${error.message}`,
  },
  async ({ event, step, logger }) => {
    const plan: "free" | "pro" = event.data.plan;
    logger.info("created", event.data.userId);
    const deleted = await step.waitForEvent("deleted", { event: userDeleted, timeout: "1h", match: "data.userId" });
    const userId: string | undefined = deleted?.data.userId;
    const other = await step.waitForEvent("other", { event: "app/other", timeout: "1m" });
    if (other !== null) throw new NonRetriableError(`${other.name} ${other.data.any}`);
    const { ids } = await step.sendEvent("anything", anything.create({ userId: event.data.userId }));
    const report = await step.invoke("report", { function: report2, data: { rows: 2 } });
    return { plan, userId, sent: ids.length, report };
  },
);

export const report2 = inngest.createFunction(
  { id: "report", triggers: [invoke(z.object({ rows: z.number() }))] },
  async ({ event }) => ({ twice: event.data.rows * 2 }),
);

export const several = inngest.createFunction(
  {
    id: "several",
    triggers: [userCreated, { event: userDeleted, if: "event.data.userId != 'root'" }, cron("0 9 * * *")],
  },
  async ({ event, step }) => {
    if (event.name === "inngest/scheduled.timer") return event.data.cron;
    if (event.name === "app/user.created") return step.run("plan", () => event.data.plan);
    if (event.name === "app/user.deleted") return event.data.userId;
    return "invoked";
  },
);

export const single = inngest.createFunction(
  { id: "single", triggers: { event: "app/single" } },
  async ({ event, group, step }) => {
    const [one, two] = await group.parallel(async () =>
      Promise.all([step.run("one", () => event.data.one as number), step.run("two", () => 2)]),
    );
    return one + two;
  },
);

export const untriggered = inngest.createFunction({ id: "untriggered" }, async ({ step }) =>
  step.run("ran", () => "ran"),
);

export const failures = inngest.createFunction(
  { id: "failures", triggers: [{ event: "inngest/function.failed" }] },
  async ({ event, step }) => step.run("log", () => String(event.data.error.message)),
);

type Tools = GetStepTools<typeof inngest>;
type Input = GetFunctionInput<typeof inngest>;
export const fetchName = (step: Tools, userId: string) => step.run("fetch-name", () => `name of ${userId}`);
export const nameOf = ({ event }: Input): string => event.name;
type Report = GetFunctionOutput<typeof report2>;
export const show = (report: Report): number => report.twice;

const reference = referenceFunction<typeof report2>({ functionId: "report" });
export const byReference = inngest.createFunction(
  { id: "by-reference", triggers: { event: "app/by.reference" } },
  async ({ step }) => {
    const { twice } = await step.invoke("report", { function: reference, data: { rows: 4 } });
    return twice;
  },
);

export const functions: InngestFunction.Any[] = [welcome, report2, several, single, untriggered, failures, byReference];

export const sendAll = async (): Promise<string[]> => {
  const { ids } = await inngest.send([
    userCreated.create({ userId: "u1", plan: "pro" }, { id: "created-u1" }),
    userDeleted.create({ userId: "u2" }),
    { name: "app/single", data: { one: 1 } },
  ]);
  return ids;
};
