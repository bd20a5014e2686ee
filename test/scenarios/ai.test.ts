import { anthropic, bedrock, openai } from "stepwell/ai";
import { describe, expect, it } from "vitest";
import { on, openCloud, runHandler, start } from "./cloud.ts";
import { hangUp, listen } from "./web-server.ts";

const messages = [{ role: "user", content: "Hello" }];

describe("step.ai.wrap", () => {
  it("calls once, gives the response, and keeps request and usage beside it", async () => {
    let calls = 0;
    const generate = async ({ prompt }: { prompt: string; onChunk?: () => void }) => {
      calls += 1;
      return { text: `${prompt}!`, usage: { promptTokens: 3, completionTokens: 1 } };
    };
    const cloud = await openCloud([
      on("ask", async ({ step }) => {
        const { text } = await step.ai.wrap("greet", generate, { prompt: "Hello", onChunk: () => {} });
        await step.sleep("nap", "1h");
        return text;
      }),
    ]);
    const done = await cloud.waitForRun((await start(cloud, { name: "shop/ask" })).id);
    expect({ calls, output: done.output }).toEqual({ calls: 1, output: "Hello!" });
    expect(done.steps[0]).toMatchObject({
      kind: "ai.wrap",
      output: {
        response: { text: "Hello!", usage: { promptTokens: 3, completionTokens: 1 } },
        usage: { inputTokens: 3, outputTokens: 1 },
        request: [{ prompt: "Hello" }],
      },
    });
  });

  it("keeps nothing of a request that is large, or no JSON, and is tried again like any step", async () => {
    let tries = 0;
    const { run } = await runHandler(
      async ({ step }) => {
        await step.ai.wrap("large", (text: string) => text.length, "x".repeat(300_000));
        await step.ai.wrap("strange", (n: bigint) => Number(n), 7n);
        return step.ai.wrap("flaky", ({ idempotencyKey }) => {
          if (++tries < 2) throw new Error("busy");
          return idempotencyKey.length;
        });
      },
      { retries: 2 },
    );
    expect(run).toMatchObject({ status: "completed", output: 43 });
    const kept = run.steps.map(({ output }) => (output as { request: unknown }).request);
    expect(kept).toEqual([expect.stringContaining("none are kept"), expect.stringContaining("not JSON"), []]);
  });
});

describe("step.ai.infer", () => {
  const answer = { choices: [{ message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }] };
  const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 };

  it("asks as OpenAI wants to be asked, once, and never stores the key", async () => {
    const { url, requests } = await listen((response) => response.end(JSON.stringify({ ...answer, usage })));
    const model = openai({
      model: "gpt-x",
      apiKey: "sk-secret",
      baseUrl: `${url}v1?tenant=secret`,
      defaultParameters: { temperature: 1 },
    });
    const { run } = await runHandler(async ({ step }) => {
      const { choices } = await step.ai.infer("ask", { model, body: { messages, temperature: 0 } });
      await step.sleep("nap", "1h");
      return choices[0]?.message.content;
    });
    expect(run).toMatchObject({ status: "completed", output: "Hi" });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers.authorization).toBe("Bearer sk-secret");
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({ temperature: 0, messages, model: "gpt-x" });
    expect(run.steps[0]).toMatchObject({
      kind: "ai.infer",
      output: {
        response: answer,
        usage: { inputTokens: 5, outputTokens: 1, totalTokens: 6 },
        request: { model: "gpt-x", body: { messages } },
      },
    });
    expect(JSON.stringify(run)).not.toContain("secret");
  });

  it("asks as Anthropic and Bedrock want to be asked", async () => {
    const { url, requests } = await listen((response) =>
      response.end('{"content":[],"usage":{"input_tokens":2,"output_tokens":3}}'),
    );
    const model = anthropic({ model: "claude-x", apiKey: "k", baseUrl: url, maxTokens: 9 });
    const { run } = await runHandler(({ step }) => step.ai.infer("ask", { model, body: { messages } }));
    expect(run.steps[0]?.output).toMatchObject({ usage: { inputTokens: 2, outputTokens: 3 } });
    expect(requests[0]).toMatchObject({
      path: "/messages",
      headers: { "x-api-key": "k", "anthropic-version": "2023-06-01" },
    });
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({ max_tokens: 9, messages, model: "claude-x" });
    const { url: address, headers } = bedrock({ model: "amazon.nova:0", region: "eu-west-1", apiKey: "b" });
    expect(address).toBe("https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova%3A0/converse");
    expect(await (headers as () => unknown)()).toEqual({ authorization: "Bearer b" });
  });

  it("tries again what is busy, as its retry-after says, and what gives no answer; not what is refused", async () => {
    const { url, requests } = await listen((response, _, count) => {
      if (count === 1) response.writeHead(429, { "retry-after": "7200" }).end("slow down");
      else if (count === 2) hangUp(response);
      else if (count === 3) response.end('{"ok":true}');
      else response.writeHead(400).end("no such model");
    });
    const model = { model: "any", url };
    const { run, cloud } = await runHandler(
      async ({ step }) => {
        await step.ai.infer("busy", { model, body: {} });
        return step.ai.infer("bad", { model, body: {} });
      },
      { retries: 3 },
    );
    expect(run).toMatchObject({
      status: "failed",
      steps: [{ attempts: 3, output: { response: { ok: true } } }, { attempts: 1 }],
    });
    expect(run.error?.message).toBe('step.ai.infer "bad": any answered 400: no such model');
    const [busy] = (await cloud.run(run.id))?.steps ?? [];
    expect((busy?.endedAt ?? 0) - (busy?.startedAt ?? 0)).toBeGreaterThanOrEqual(7_200_000);
    expect(requests).toHaveLength(4);
  });

  it("says who answered with what is no JSON", async () => {
    const { url } = await listen((response) => response.end("<html>busy"));
    const model = { model: "any", url };
    const { run } = await runHandler(({ step }) => step.ai.infer("ask", { model, body: {} }), { retries: 0 });
    expect(run.error?.message).toBe('step.ai.infer "ask": any answered 200 with what is no JSON: <html>busy');
  });

  it("fails a step without a key, once, and says where it may stand", async () => {
    const { run } = await runHandler(({ step }) =>
      step.ai.infer("ask", { model: openai({ model: "m", apiKey: "" }), body: { messages } }),
    );
    expect(run).toMatchObject({
      status: "failed",
      error: { code: "STEPWELL_INVALID_OPTION" },
      steps: [{ attempts: 1 }],
    });
    expect(run.error?.message).toContain("OPENAI_API_KEY");
  });

  it.each([
    ["openai", openai],
    ["anthropic", anthropic],
    ["bedrock", bedrock],
  ])("%s is not made without a model", (name, adapter) => {
    expect(() => adapter({} as never)).toThrow(
      expect.objectContaining({ code: "STEPWELL_INVALID_OPTION", message: expect.stringContaining(`${name}: model`) }),
    );
  });

  it.each([
    ["openai", openai],
    ["anthropic", anthropic],
  ])("%s is not made with a wrong address", (name, adapter) => {
    for (const baseUrl of ["nonsense", 7])
      expect(() => adapter({ model: "m", baseUrl } as never)).toThrow(
        expect.objectContaining({
          code: "STEPWELL_INVALID_OPTION",
          message: expect.stringContaining(`${name}: baseUrl`),
        }),
      );
  });
});
