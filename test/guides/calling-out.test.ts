import { fetch } from "stepwell";
import { openai } from "stepwell/ai";
import { expect, it, vi } from "vitest";
import { finish, openCloud, stepwell } from "../scenarios/cloud.ts";
import { hangUp, listen } from "../scenarios/web-server.ts";

it("a request is a step: made once, and any response is a result", async () => {
  const { url, host, requests } = await listen((response, asked, count) => {
    if (count === 1) return hangUp(response);
    const isPoor = asked.body.includes("o2");
    response.writeHead(isPoor ? 402 : 201, { "content-type": "application/json" }).end('{"id":"ch-1"}');
  });
  const bank = { url };
  // #region fetch
  const pay = stepwell.createFunction({ id: "pay" }, { event: "shop/order.placed" }, async ({ event, step }) => {
    const response = await step.fetch(bank.url, {
      method: "POST",
      body: JSON.stringify({ order: event.data.orderId }),
      idempotencyKey: true, // a header that is the same for each try
    });
    if (response.status === 402) return "declined";
    const charge = (await response.json()) as { id: string };
    await step.sleep("settle", "2d");
    return charge.id;
  });
  // #endregion
  const cloud = await openCloud([pay]);
  const run = await finish(cloud, { name: "shop/order.placed", data: { orderId: "o1" } });
  expect(run).toMatchObject({ output: "ch-1", steps: [{ id: `fetch ${host}`, attempts: 2 }, { id: "settle" }] });
  const [first, second] = requests.map(({ headers }) => headers["idempotency-key"]);
  expect([typeof first, second]).toEqual(["string", first]);
  expect(requests).toHaveLength(2);
  const poor = await finish(cloud, { name: "shop/order.placed", data: { orderId: "o2" } });
  expect(poor.output).toBe("declined");
});

it("a library makes its requests as steps by the exported fetch", async () => {
  const { url, host, requests } = await listen((response, _, count) => response.end(`${count}`));
  class Weather {
    readonly #fetch: typeof fetch;
    constructor(options: { fetch: typeof fetch }) {
      this.#fetch = options.fetch;
    }
    async in(city: string): Promise<string> {
      return (await this.#fetch(`${url}${city}`)).text();
    }
  }
  // #region exported
  const weather = new Weather({ fetch }); // import { fetch } from "stepwell"

  const plan = stepwell.createFunction({ id: "plan" }, { event: "shop/trip" }, async ({ event, step }) => {
    const now = await weather.in(event.data.city); // a step
    await step.sleep("a-day", "1d");
    const later = await step.run("again", () => weather.in(event.data.city)); // a part of this step
    return [now, later];
  });
  // #endregion
  const run = await finish(await openCloud([plan]), { name: "shop/trip", data: { city: "rome" } });
  expect(run.output).toEqual(["1", "2"]);
  expect(run.steps.map(({ id }) => id)).toEqual([`fetch ${host}`, "a-day", "again"]);
  expect(requests).toHaveLength(2);
});

it("a call of any AI library is a step that keeps what it was asked", async () => {
  let calls = 0;
  const generateText = async ({ prompt }: { prompt: string }) => {
    calls += 1;
    return { text: `${prompt.length} words`, usage: { inputTokens: 3, outputTokens: 2 } };
  };
  // #region wrap
  const summarize = stepwell.createFunction({ id: "summarize" }, { event: "shop/text" }, async ({ event, step }) => {
    const { text } = await step.ai.wrap("summary", generateText, { prompt: event.data.text });
    await step.sleep("a-while", "1h");
    return text;
  });
  // #endregion
  const run = await finish(await openCloud([summarize]), { name: "shop/text", data: { text: "hello" } });
  expect(run.output).toBe("5 words");
  expect(calls).toBe(1);
  expect(run.steps[0]?.output).toEqual({
    request: [{ prompt: "hello" }],
    response: { text: "5 words", usage: { inputTokens: 3, outputTokens: 2 } },
    usage: { inputTokens: 3, outputTokens: 2 },
  });
});

it("a model is asked by HTTP, and asked again when it is busy", async () => {
  const { url, requests } = await listen((response, _, count) => {
    if (count === 1) return void response.writeHead(429, { "retry-after": "60" }).end("busy");
    const message = { role: "assistant", content: "a complaint" };
    const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
    response.end(JSON.stringify({ choices: [{ message, finish_reason: "stop" }], usage }));
  });
  vi.stubEnv("OPENAI_API_KEY", "sk-secret");
  const gateway = { url };
  // #region infer
  const model = openai({ model: "gpt-5-mini", baseUrl: gateway.url }); // the key: OPENAI_API_KEY

  const classify = stepwell.createFunction({ id: "classify" }, { event: "shop/mail" }, async ({ event, step }) => {
    const { choices } = await step.ai.infer("kind", {
      model,
      body: { messages: [{ role: "user", content: `What is this? ${event.data.text}` }] },
    });
    return choices[0]?.message.content;
  });
  // #endregion
  const run = await finish(await openCloud([classify]), { name: "shop/mail", data: { text: "It broke." } });
  vi.unstubAllEnvs();
  expect(run).toMatchObject({ output: "a complaint", steps: [{ attempts: 2 }] });
  expect(run.steps[0]?.output).toMatchObject({ usage: { inputTokens: 9, outputTokens: 2, totalTokens: 11 } });
  expect(requests[1]?.headers.authorization).toBe("Bearer sk-secret");
  expect(JSON.stringify(run)).not.toContain("sk-secret");
});

it("any model with an address will do", async () => {
  const { url, requests } = await listen((response) => response.end('{"answer":"yes","tokens":4}'));
  const lamp = { url };
  // #region adapter
  const llama = {
    model: "llama",
    url: lamp.url,
    toRequest: (body: { question: string }) => ({ prompt: body.question, stream: false }),
    usageOf: (output: { answer: string; tokens: number }) => ({ outputTokens: output.tokens }),
  };

  const ask = stepwell.createFunction({ id: "ask" }, { event: "shop/ask" }, async ({ step }) => {
    const { answer } = await step.ai.infer("ask", { model: llama, body: { question: "Is it open?" } });
    return answer;
  });
  // #endregion
  const run = await finish(await openCloud([ask]), { name: "shop/ask" });
  expect(run.output).toBe("yes");
  expect(run.steps[0]?.output).toMatchObject({ usage: { outputTokens: 4 } });
  expect(JSON.parse(requests[0]?.body ?? "")).toEqual({ prompt: "Is it open?", stream: false });
});
