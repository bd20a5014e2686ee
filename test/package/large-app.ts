/** The text of an app with many functions and kinds of events: what its types cost the compiler. */

interface Size {
  readonly functions: number;
  readonly events: number;
}

export const largeApp = ({ functions, events }: Size): string => `
import { EventSchemas, eventType, type GetEvents, type GetFunctionInput, Stepwell, type StepwellFunction } from "stepwell";
import { z } from "zod";

type Events = {
${each(half(events), (n) => `  "${nameOf(n)}": { data: ${DATA[n % DATA.length]}; user?: { id: string } };`)}
};
export const client = new Stepwell({
  id: "large",
  schemas: new EventSchemas().fromRecord<Events>().fromSchema({
${each(events - half(events), (n) => `    "${nameOf(n + half(events))}": z.object({ id: z.string(), n${n}: z.number().optional() }),`)}
  }),
});
export const own = eventType("own/thing", { schema: z.object({ id: z.string() }) });
export type All = GetEvents<typeof client>;
${each(functions, (n) => functionOf(n, events))}
export const all: StepwellFunction.Any[] = [${Array.from({ length: functions }, (_, n) => `f${n}`).join(", ")}];
`;

const half = (events: number) => Math.floor(events / 2);
const nameOf = (n: number) => `area${n % 10}/object${n}.happened`;
const each = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join("\n");

/** As people write them: optional fields, dates, lists, unions, things in things. */
const DATA = [
  "{ id: string }",
  "{ id: string; at: Date; tags?: string[] }",
  "{ id: string; lines: { sku: string; count: number; price?: { amount: number; currency: 'EUR' | 'USD' } }[] }",
  "{ id: string } & ({ kind: 'card'; last4: string } | { kind: 'cash' })",
  "{ id: string; meta: Record<string, unknown>; previous?: { id: string; at: Date } | null }",
];

/** One or two events, a wildcard, a cron beside an event, an event type: each in its turn. */
function triggerOf(n: number, events: number): string {
  const name = (of: number) => `{ event: "${nameOf(of % events)}" }`;
  const kinds = [
    name(n),
    `[${name(n)}, ${name(n + 1)}]`,
    `{ event: "area${n % 10}/*" }`,
    `[${name(n)}, { cron: "0 3 * * *" }]`,
    "own",
  ];
  return kinds[n % kinds.length] ?? name(n);
}

/** The nearest function before it that takes no more than an id. */
const calledBy = (n: number) => n - (n % 5 || 5);

const functionOf = (n: number, events: number): string => `
export const f${n} = client.createFunction(
  { id: "f${n}", concurrency: { limit: 5, key: "event.data.id" }, cancelOn: [{ event: "${nameOf((n + 3) % events)}", match: "data.id" }],
    onFailure: ({ event, error }) => [event.data.event.name, error.message] },
  ${triggerOf(n, events)},
  async ({ event, step, events }) => {
    const row = await step.run("load", async () => ({ n: ${n}, at: new Date(), tags: ["a"], inner: { more: [1, undefined] } }));
    const got = await step.waitForEvent("wait", { event: "${nameOf((n + 1) % events)}", timeout: "1d", match: "data.id" });
    await step.sendEvent("tell", { name: "${nameOf((Math.floor(n / 5) * 5) % half(events))}", data: { id: "x" } });
    ${n === 0 ? "" : `const before = await step.invoke("before", { function: f${calledBy(n)}, data: { id: "x" } });`}
    await step.run("use", helper${n}, { row, id: got?.data.id ?? "none" });
    return { n: row.n, at: row.at, name: event.name, count: events.length${n === 0 ? "" : ", before: before.n"} };
  },
);
function helper${n}(input: { row: { n: number; at: string }; id: string }) {
  return input.row.n + input.id;
}
export type Input${n} = GetFunctionInput<typeof client, "${nameOf(n % events)}">["event"]["data"];
`;
