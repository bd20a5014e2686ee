/** Agent loop with tools: the model is asked, the tools that it wants run at the same time, and it is asked again, until it answers. */
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

interface Message {
  readonly role: "user" | "model" | "tool";
  readonly text: string;
}
interface Turn {
  readonly answer?: string;
  readonly calls?: readonly { readonly tool: string; readonly input: string }[];
}

const outside = new Outside();
const TOOLS: Readonly<Record<string, (input: string, key: string) => string>> = {
  weather: (city) => `rain in ${city}`,
  book: (what, key) => outside.do(key, `booked: ${what}`),
};
const TURNS_MAX = 5;

/** A model that wants the weather of two cities, then books, then answers. */
function model(messages: readonly Message[]): Turn {
  const results = messages.filter(({ role }) => role === "tool").map(({ text }) => text);
  if (results.length === 0) {
    const calls = ["Kiel", "Rome"].map((input) => ({ tool: "weather", input }));
    return { calls };
  }
  if (results.length === 2) return { calls: [{ tool: "book", input: `an umbrella, for ${results.join(" and ")}` }] };
  return { answer: `Done. ${results.at(-1)}` };
}

const agent = stepwell.createFunction({ id: "agent" }, { event: "agent/asked" }, async ({ event, step, runId }) => {
  const messages: Message[] = [{ role: "user", text: event.data.question }];
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const { answer, calls = [] } = await step.run("think", () => model(messages));
    if (answer !== undefined) return { answer, turns: turn + 1 };
    const results = await Promise.all(
      calls.map(({ tool, input }, i) =>
        step.run(`use-${tool}`, () => TOOLS[tool]?.(input, `${runId}/${turn}/${i}`) ?? `there is no tool ${tool}`),
      ),
    );
    messages.push(...results.map((text) => ({ role: "tool" as const, text })));
  }
  return { answer: "I do not know.", turns: TURNS_MAX };
});

const t = new TestEngine({ function: agent, events: [{ name: "agent/asked", data: { question: "What do I need?" } }] });
const booked = () => outside.list().map(([, deed]) => deed);

describe("agent loop with tools", () => {
  beforeEach(() => outside.clear());

  it("runs the tools that the model asks for, and ends with its answer", async () => {
    const { result, state } = await t.execute();
    const answer = "Done. booked: an umbrella, for rain in Kiel and rain in Rome";
    expect(result).toEqual({ answer, turns: 3 });
    await expect(state["use-weather:1"]).resolves.toBe("rain in Rome");
    expect(booked()).toHaveLength(1);
  });

  it("gives up after five turns, and survives a tool that is not there", async () => {
    const restless = { id: "think", handler: () => ({ calls: [{ tool: "oracle", input: "?" }] }) };
    const { result, state } = await t.execute({ steps: [restless] });
    expect(result).toEqual({ answer: "I do not know.", turns: 5 });
    await expect(state["use-oracle:4"]).resolves.toBe("there is no tool oracle");
  });

  it("comes out the same after a crash at every step: nothing is booked twice, no turn is thought anew", async () => {
    const { points } = await t.survivesCrashes({ reset: () => outside.clear(), effects: booked });
    expect(points).toHaveLength(2 * 6);
  });
});
