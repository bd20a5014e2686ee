import { DeleteScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { App, Engine } from "stepwell/cdk";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { DOORS, engineNames } from "../../lambdas/contract.ts";
import { ACCOUNT, arnOf, REGION } from "../../local/arn.ts";
import type * as transport from "../../local/transport.ts";
import { gates, raised } from "../laws/gates.ts";
import { play, type Scenario, START_EVENT } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one, scenarios, withFlow } from "../laws/scenarios.ts";
import { flaggedApp } from "./engine-stack.ts";
import { type Call, recording } from "./recorded-calls.ts";
import { type Allowed, Policies } from "./statements.ts";

const calls = vi.hoisted((): Call[] => []);
vi.mock("../../local/transport.ts", async (original) => {
  const real = await original<typeof transport>();
  return {
    ...real,
    inProcessHandler: (...given: Parameters<typeof real.inProcessHandler>) =>
      recording(real.inProcessHandler(...given), calls),
  };
});

const names = engineNames("stepwell");
const rename = (text: string) =>
  text
    .replaceAll("stepwell", "<engine>")
    .replaceAll(REGION, "<region>")
    .replace(/^AppRole.*$/, "app");

/** The policies of the same engine and app as in the laws. */
function policies(): readonly Allowed[] {
  const stack = new Stack(flaggedApp(), "Stack", { env: { account: ACCOUNT, region: REGION } });
  const code = lambda.Code.fromInline("exports.handler = () => {};");
  new App(stack, "App", { engine: new Engine(stack, "Engine"), clientId: "laws", code });
  return new Policies(Template.fromStack(stack), rename).allowed();
}

const roleOf = ({ by }: Call) => (by === names.appLambda("main", "laws") ? "app" : by.replace("stepwell-", ""));

const isLike = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(text);

function allows({ who, action, on, when }: Allowed, call: Call): boolean {
  if (who !== roleOf(call) || action !== call.action || !isLike(on, rename(call.on))) return false;
  const [, partitions] = /dynamodb:LeadingKeys = (.*)/.exec(when) ?? [];
  return partitions === undefined || partitions.split(" or ").some((pattern) => isLike(pattern, call.key ?? ""));
}

const LARGE = "x".repeat(300_000);
/** Fits an item as it is, and does not with what stands around it. */
const NEARLY_LARGE = "x".repeat(200 * 1_024 - 60);

const foreign = (name: string, data: string) => ({
  version: "0",
  id: `foreign-${name}`,
  source: "com.shop",
  "detail-type": name,
  time: "2027-01-01T12:00:00Z",
  detail: { data },
});

let limited: { readonly manifest: object };

/** What the laws have no need of. */
const more: readonly Scenario[] = [
  {
    name: "payloads that are too large for an item",
    functions: (app) => [
      ...one(async ({ step }) => {
        await step.run("large", () => LARGE);
        await step.sendEvent("tell", { name: "laws/large", data: { LARGE } });
        await step.waitForEvent("wait", { event: "laws/nearly-large", timeout: "1h" });
        await step.sendSignal("nobody", { signal: "laws/nobody" });
        await step.waitForSignal("short", { signal: "laws/short", timeout: "2s" });
        return LARGE;
      })(app),
      app.client.createFunction(
        { id: "told" },
        [{ event: "laws/large" }, { event: "laws/foreign" }],
        async () => LARGE,
      ),
    ],
    script: async ({ aws, cloud, pass }) => {
      await pass(MINUTE_MS);
      await cloud.send({ name: "laws/nearly-large", data: { text: NEARLY_LARGE } });
      aws.sqs.deliver(names.ingestQueue, JSON.stringify(foreign("laws/foreign", LARGE)));
      await pass(MINUTE_MS);
    },
  },
  {
    name: "results that are written together",
    functions: one(async ({ step }) => [await step.run("a", () => 1), await step.run("b", () => 2)], {
      checkpointing: { bufferedSteps: 2 },
    }),
  },
  {
    name: "runs that are cancelled, with deadlines so late that they are schedules",
    functions: one(async ({ step }) => step.sleep("long", "9d"), {
      cancelOn: [{ event: "laws/stop", if: "async.data.id == event.data.id && event.data.id > async.data.least" }],
      timeouts: { start: "1h", finish: "2h" },
      concurrency: 1,
    }),
    script: async ({ cloud, pass }) => {
      await pass(MINUTE_MS);
      await cloud.send({ name: "laws/stop", data: { id: 7, least: 1 } });
      await pass(MINUTE_MS);
    },
  },
  {
    name: "messages that nobody can read or handle, and a timer that is lost",
    functions: one(async ({ step }) => step.sleep("nap", "2h")),
    script: async ({ aws, pass, runIds }) => {
      await pass(MINUTE_MS);
      for (const queue of [names.ingestQueue, names.runQueue("main", "laws"), names.ingestDeadLetters])
        aws.sqs.deliver(queue, "unreadable");
      const address = { env: "main", app: "laws", functionId: "main", runId: runIds[0] };
      aws.sqs.deliver(
        names.runDeadLetters("main", "laws"),
        JSON.stringify({ v: 1, id: "w", kind: "wake", ...address }),
      );
      const scheduler = new SchedulerClient(aws.clientConfig());
      const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName: names.scheduleGroup }));
      for (const { Name } of Schedules)
        await scheduler.send(new DeleteScheduleCommand({ Name, GroupName: names.scheduleGroup }));
    },
  },
  {
    name: "a run that the next one cancels, which starts much later",
    functions: withFlow(
      { singleton: { mode: "cancel" }, throttle: { limit: 1, periodMs: HOUR_MS, burst: 0 } },
      one(async ({ step }) => step.sleep("nap", "2h")),
    ),
    script: async ({ cloud, pass }) => {
      await pass(MINUTE_MS);
      await cloud.send({ ...START_EVENT, id: "next" });
    },
  },
  {
    name: "a batch of large events that is kept by a schedule, and fills up",
    functions: withFlow(
      { batchEvents: { maxSize: 2, timeoutMs: HOUR_MS } },
      one(async ({ step }) => step.sleep("nap", "60d")),
    ),
    script: async ({ cloud, pass }) => {
      await pass(MINUTE_MS);
      await cloud.send({ ...START_EVENT, id: "next", data: { LARGE } });
    },
  },
  {
    name: "a debounce whose timer is lost",
    functions: withFlow(
      { debounce: { periodMs: MINUTE_MS } },
      one(async () => "done"),
    ),
    script: async ({ aws, doors, pass }) => {
      aws.sqs.queue(arnOf("sqs", names.ingestQueue))?.purge();
      await pass(3 * MINUTE_MS);
      await doors.sweep();
    },
  },
  {
    name: "a debounce that is put off for weeks",
    functions: withFlow(
      { debounce: { periodMs: 6 * 24 * HOUR_MS } },
      one(async () => "done"),
    ),
    script: async ({ cloud, pass }) => {
      await pass(5 * 24 * HOUR_MS);
      await cloud.send({ ...START_EVENT, id: "next" });
    },
  },
  {
    ...raised,
    functions: (app) => {
      const functions = raised.functions(app);
      limited = functions[0] as unknown as typeof limited;
      return functions;
    },
    script: async ({ cloud, doors, pass }) => {
      await cloud.send({ ...START_EVENT, id: "next" });
      Object.assign(limited.manifest, { flow: { concurrency: [{ limit: 2, scope: "fn" }] } });
      await doors.register("raised");
      await pass(11_000);
      await doors.sweep();
      await pass(MINUTE_MS);
    },
  },
  {
    name: "an app with a cron, which is retired",
    functions: (app) => [
      ...one(async () => "done")(app),
      app.client.createFunction({ id: "hourly" }, { cron: "0 * * * *" }, async () => "done"),
    ],
    script: async ({ aws, pass }) => {
      await pass(2 * HOUR_MS);
      await aws.lambda.invoke(names.door("registrar"), {
        RequestType: "Delete",
        PhysicalResourceId: "main/laws",
        ResourceProperties: { env: "main", app: "laws" },
      });
    },
  },
];

/** What AWS does in the name of a role: Lambda takes messages and writes logs, Scheduler and EventBridge send. */
const doneByAws = ({ who, action }: Allowed) =>
  !["app", ...DOORS].includes(who) ||
  /^(logs:|iam:PassRole|sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes)$)/.test(action);

describe("the policies and the code", () => {
  let allowed: readonly Allowed[] = [];

  beforeAll(async () => {
    for (const scenario of [...scenarios, ...gates, ...more]) await play(scenario);
    allowed = policies();
  }, 120_000);

  it("what the Lambdas call, their policies allow", () => {
    expect(new Set(calls.map(roleOf))).toEqual(new Set(["app", ...DOORS]));
    expect(calls.filter((call) => !allowed.some((statement) => allows(statement, call)))).toEqual([]);
  });

  it("what the policies allow, the Lambdas call", () => {
    const unused = allowed.filter((one) => !doneByAws(one) && !calls.some((call) => allows(one, call)));
    expect(unused.map(({ who, action }) => `${who} ${action}`)).toEqual([
      // A schedule that somebody has disabled is enabled.
      "registrar scheduler:UpdateSchedule",
    ]);
  });
});
