import { Backoff, Stepwell } from "stepwell";

/** The examples of docs/flow-control.md, word for word: so they are type-checked, linted, and accepted when they are defined. */
const stepwell = new Stepwell({ id: "shop" });

stepwell.createFunction(
  { id: "charge", idempotency: "event.data.orderId" },
  { event: "shop/order.placed" },
  async ({ step }) => step.run("charge", () => "charged"),
);

stepwell.createFunction(
  { id: "welcome", rateLimit: { limit: 1, period: "1h", key: "event.data.userId" } },
  { event: "shop/user.seen" },
  async ({ step }) => step.run("mail", () => "sent"),
);

stepwell.createFunction(
  { id: "index", debounce: { period: "30s", timeout: "5m", key: "event.data.documentId" } },
  { event: "shop/document.edited" },
  async ({ step }) => step.run("index", () => "indexed"),
);

stepwell.createFunction(
  {
    id: "import",
    batchEvents: { maxSize: 50, timeout: "10s", key: "event.data.tenant", if: "event.data.plan == 'free'" },
  },
  { event: "shop/row.added" },
  async ({ events, step }) => step.run("insert", () => events.length),
);

stepwell.createFunction(
  { id: "sync", singleton: { mode: "skip", key: "event.data.shopId" } },
  { event: "shop/sync.requested" },
  async ({ step }) => step.sleep("pretend", "10m"),
);

stepwell.createFunction(
  { id: "call-api", throttle: { limit: 10, period: "1m", burst: 5, key: "event.data.tenant" } },
  { event: "shop/call.wanted" },
  async ({ step }) => step.run("call", () => "called"),
);

stepwell.createFunction(
  {
    id: "render",
    concurrency: [
      { limit: 2, key: "event.data.userId" },
      { limit: 20, key: '"gpu"', scope: "env" },
    ],
  },
  { event: "shop/render.wanted" },
  async ({ step }) => step.run("render", () => "rendered"),
);

stepwell.createFunction(
  { id: "report", concurrency: 1, priority: { run: "event.data.plan == 'enterprise' ? 120 : 0" } },
  { event: "shop/report.wanted" },
  async ({ step }) => step.run("report", () => "reported"),
);

stepwell.createFunction(
  { id: "remind", cancelOn: [{ event: "shop/order.paid", match: "data.orderId", timeout: "14d" }] },
  { event: "shop/order.placed" },
  async ({ step }) => {
    await step.sleep("a-week", "7d");
    await step.run("remind", () => "reminded");
  },
);

stepwell.createFunction(
  { id: "quote", concurrency: 5, timeouts: { start: "1m", finish: "1h" } },
  { event: "shop/quote.wanted" },
  async ({ step }) => step.run("quote", () => 42),
);

stepwell.createFunction(
  { id: "push", concurrency: { limit: 10, key: "event.data.tenant" } },
  { event: "shop/push.wanted" },
  async ({ event, step }) =>
    step.run("push", () => {
      if (event.data.busy) throw new Backoff(event.data.tenant, "30s");
      return "pushed";
    }),
);

stepwell.createFunction(
  { id: "export", onCancel: async ({ step }) => step.run("clean-up", () => "cleaned up") },
  { event: "shop/export.wanted" },
  async ({ step }) =>
    step.run("export", async ({ signal }) => fetch("https://example.com/export", { signal }).then((r) => r.text())),
);
