import { AsyncLocalStorage } from "node:async_hooks";
import * as api from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Stepwell } from "stepwell";
import { deterministicIds, type OpenTelemetryOptions, openTelemetryMiddleware } from "stepwell/middleware";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { open } from "./app.ts";

const active = new AsyncLocalStorage<api.Context>();

/** The smallest context manager: that of OpenTelemetry's own package for Node is not installed here. */
beforeAll(() => {
  api.context.setGlobalContextManager({
    active: () => active.getStore() ?? api.ROOT_CONTEXT,
    with: (context, fn, self, ...args) => active.run(context, () => fn.apply(self, args)),
    bind: (_context, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
});
afterAll(() => api.context.disable());

function tracing() {
  const ids = deterministicIds();
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ idGenerator: ids, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer("shop");
  return { exporter, tracer, ids, middleware: openTelemetryMiddleware({ api, tracer, ids }) };
}

async function traced(runs: number) {
  const { exporter, tracer, middleware } = tracing();
  const client = new Stepwell({ id: "shop", middleware: [middleware] });
  let tries = 0;
  const fn = client.createFunction({ id: "fn", retries: 2 }, { event: "shop/go" }, async ({ step }) => {
    await step.run("a", () => tracer.startSpan("query").end());
    await step.sleep("rest", "1h");
    await step.run({ id: "b", name: "Flaky" }, () => {
      if (tries++ === 0) throw new Error("flaky");
    });
    await Promise.all(["x", "y"].map((id) => step.run(id, () => {})));
  });
  const { finish, cloud } = await open(client, [fn]);
  const ended = [];
  for (let i = 0; i < runs; i++) ended.push(await finish("shop/go"));
  return { spans: exporter.getFinishedSpans(), ended, invocations: cloud.meter().invocations };
}

describe("OpenTelemetry", () => {
  it("has one span for each try of a step and one for the run, in one trace, over all invocations and replays", async () => {
    const { spans, ended, invocations } = await traced(1);
    expect(invocations).toBeGreaterThan(1);
    expect(ended[0]?.status).toBe("completed");
    expect(spans.map(({ name }) => name).sort()).toEqual(["Flaky", "Flaky", "a", "query", "shop/fn", "x", "y"]);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(new Set(spans.map((span) => span.spanContext().spanId)).size).toBe(spans.length);
    const idOf = (name: string) => spans.find((span) => span.name === name)?.spanContext().spanId;
    const parentOf = (name: string) => spans.find((span) => span.name === name)?.parentSpanContext?.spanId;
    for (const step of ["a", "x", "y", "Flaky"]) expect(parentOf(step)).toBe(idOf("shop/fn"));
    expect(parentOf("query")).toBe(idOf("a"));
    expect(parentOf("shop/fn")).toBeUndefined();
    const flaky = spans.filter(({ name }) => name === "Flaky");
    expect(flaky.map(({ status, attributes }) => [status.code, attributes["stepwell.attempt"]])).toEqual([
      [api.SpanStatusCode.ERROR, 0],
      [api.SpanStatusCode.UNSET, 1],
    ]);
  });

  it("begins the run's span with its event", async () => {
    const { spans, ended } = await traced(1);
    const run = spans.find(({ name }) => name === "shop/fn");
    const [seconds = 0, nanos = 0] = run?.startTime ?? [];
    const startedAt = seconds * 1_000 + nanos / 1e6;
    expect(Math.abs(startedAt - (ended[0]?.queuedAt ?? 0))).toBeLessThanOrEqual(1_000);
    expect(run?.attributes).toMatchObject({ "stepwell.run": ended[0]?.id });
  });

  it("gives each run a trace of its own", async () => {
    const { spans } = await traced(2);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(2);
  });

  it("takes the ids from run, step and try alone: another process would make the same", async () => {
    const idsOf = async () => {
      const { tracer, exporter, middleware } = tracing();
      const { onFunctionRun } = await middleware.init({ client: { id: "shop" } as never });
      const fn = { app: "shop", id: "fn" } as never;
      const hooks = await onFunctionRun?.({
        ctx: { runId: "01JD7QZ3M8W0V5XKB2T4N6R9PC" } as never,
        fn,
        steps: [],
        reqArgs: [],
      });
      const step = { id: "a", name: "a", kind: "run", attempt: 1, key: "01JD7QZ3M8W0V5XKB2T4N6R9PC-a" } as const;
      await hooks?.wrapStepHandler?.({ step, next: async () => tracer });
      await hooks?.finished?.({ result: {} });
      return exporter.getFinishedSpans().map((span) => Object.values(span.spanContext()).slice(0, 2));
    };
    expect(await idsOf()).toEqual(await idsOf());
  });

  it("says so when the provider makes ids of its own", async () => {
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new InMemorySpanExporter())] });
    const middleware = openTelemetryMiddleware({ api, tracer: provider.getTracer("shop"), ids: deterministicIds() });
    const client = new Stepwell({ id: "shop", middleware: [middleware] });
    const fn = client.createFunction({ id: "fn" }, { event: "shop/go" }, ({ step }) => step.run("a", () => 1));
    const { finish } = await open(client, [fn]);
    const run = await finish("shop/go");
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_INVALID_OPTION" } });
    expect(run.error?.message).toContain("openTelemetryMiddleware: ids");
  });

  it.each<[string, Partial<Record<keyof OpenTelemetryOptions, unknown>>]>([
    ["api", { ...tracing(), api: {} }],
    ["tracer", { api, tracer: {}, ids: deterministicIds() }],
    ["ids", { api, tracer: tracing().tracer, ids: {} }],
  ])("refuses a wrong option by its path: %s", (name, options) => {
    const { api: given, tracer, ids } = options as unknown as OpenTelemetryOptions;
    expect(() => openTelemetryMiddleware({ api: given, tracer, ids })).toThrow(`openTelemetryMiddleware: ${name}`);
  });
});
