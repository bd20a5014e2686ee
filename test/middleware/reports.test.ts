import { NonRetriableError, Stepwell } from "stepwell";
import { dependencyInjectionMiddleware, errorReportingMiddleware } from "stepwell/middleware";
import { describe, expect, it } from "vitest";
import type { Input } from "../scenarios/cloud.ts";
import { open } from "./app.ts";

function fakeSentry() {
  const reports: string[] = [];
  const flushes: number[] = [];
  const reporter = {
    captureException: (error: unknown, { tags }: { tags: Record<string, string> }) =>
      reports.push(
        `${(error as Error).message} in ${tags["stepwell.step"] ?? "the handler"}, ${tags["stepwell.attempt"]}`,
      ),
    flush: async (ms: number) => void flushes.push(ms),
  };
  return { reporter, reports, flushes };
}

async function reportsOf(handler: (input: Input) => unknown, tries: "last" | "all" = "last", retries = 1) {
  const { reporter, reports, flushes } = fakeSentry();
  const client = new Stepwell({ id: "shop", middleware: [errorReportingMiddleware({ reporter, tries })] });
  const fn = client.createFunction({ id: "fn", retries }, { event: "shop/go" }, handler as never);
  const { finish } = await open(client, [fn]);
  const run = await finish("shop/go");
  return { reports, flushes, run };
}

const fail = (text: string) => (): never => {
  throw new Error(text);
};

describe("a failure is reported once", () => {
  it("a step's, when it is out of retries, and not again with the run that it fails", async () => {
    const { reports, run, flushes } = await reportsOf(({ step }) => step.run("a", fail("no")));
    expect(run.status).toBe("failed");
    expect(reports).toEqual(["no in a, 1"]);
    expect(flushes).toEqual([2000]);
  });

  it("and not on a replay, nor when the handler begins anew because of something else", async () => {
    const { reports, run } = await reportsOf(async ({ step, attempt }) => {
      await step.run("a", fail("no")).catch(() => {});
      await step.sleep("rest", "1h");
      if (attempt === 0) throw new Error("again");
      await step.sleep("rest", "1h");
      return "done";
    });
    expect(run.status).toBe("completed");
    expect(reports).toEqual(["no in a, 1"]);
  });

  it("at once, when it is not to be retried", async () => {
    const { reports } = await reportsOf(({ step }) =>
      step.run("a", () => {
        throw new NonRetriableError("never");
      }),
    );
    expect(reports).toEqual(["never in a, 0"]);
  });

  it("the handler's own, when it is out of retries", async () => {
    const { reports, run } = await reportsOf(fail("broken"));
    expect(run.attempts).toBe(2);
    expect(reports).toEqual(["broken in the handler, 1"]);
  });

  it("that of a step which no body has thrown, with the run", async () => {
    const { reports } = await reportsOf(({ step }) => step.sleepUntil("far", new Date(Date.now() + 1e12)));
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain("days ahead");
    const notJson = await reportsOf(({ step }) => step.run("big", () => 1n));
    expect(notJson.reports).toHaveLength(1);
  });

  it("or each failed try, if that is asked for", async () => {
    const { reports } = await reportsOf(({ step }) => step.run("a", fail("no")), "all");
    expect(reports).toEqual(["no in a, 0", "no in a, 1"]);
    expect((await reportsOf(fail("broken"), "all")).reports).toEqual([
      "broken in the handler, 0",
      "broken in the handler, 1",
    ]);
  });

  it("and nothing is reported, or flushed, where nothing fails", async () => {
    const { reports, flushes } = await reportsOf(({ step }) => step.run("a", () => 1));
    expect([reports, flushes]).toEqual([[], []]);
  });
});

it.each<[string, unknown]>([
  ["reporter", {}],
  ["tries", { reporter: fakeSentry().reporter, tries: 3 }],
  ["flushTimeout", { reporter: fakeSentry().reporter, flushTimeout: "1s" }],
])("a wrong option is refused by its path: %s", (name, options) => {
  expect(() => errorReportingMiddleware(options as never)).toThrow(`errorReportingMiddleware: ${name}`);
});

it("dependencies are in the context as they are given, and only objects can be", async () => {
  const db = { find: (id: string) => ({ id }) };
  const client = new Stepwell({ id: "shop", middleware: [dependencyInjectionMiddleware({ db })] });
  const fn = client.createFunction({ id: "fn" }, { event: "shop/go" }, ({ step, db: mine }) =>
    step.run("find", () => [mine === db, mine.find("u1")]),
  );
  const { finish } = await open(client, [fn]);
  expect((await finish("shop/go")).output).toEqual([true, { id: "u1" }]);
  expect(() => dependencyInjectionMiddleware([] as never)).toThrow("dependencyInjectionMiddleware");
  expect(() => dependencyInjectionMiddleware({ step: db })).toThrow('"step" is the handler\'s own');
});
