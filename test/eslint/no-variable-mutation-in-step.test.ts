import { handler, rule } from "./tester.ts";

const mutation = (name: string, tool = "run") => ({ messageId: "mutation", data: { name, tool } });

rule("no-variable-mutation-in-step", {
  valid: [
    handler(`const total = await step.run("a", () => 1); return total;`),
    {
      name: "a variable of the body",
      code: handler(`await step.run("a", () => { let n = 0; n += 1; n++; return n; });`),
    },
    { name: "a parameter of the body", code: handler(`await step.run("a", (n) => { n += 1; return n; }, 1);`) },
    { name: "outside of the body", code: handler(`let n = 0; n = await step.run("a", () => 1); n++;`) },
    { name: "in a chain", code: handler(`let n; await step.run("a", () => 1).then((value) => { n = value; });`) },
    {
      name: "a list of the body",
      code: handler(`await step.run("a", () => { const list = []; list.push(1); return list; });`),
    },
    {
      name: "what the module keeps",
      code: `let db; ${handler(`await step.run("a", async () => { db ??= await open(); });`)}`,
    },
    { name: "a global", code: handler(`await step.run("a", () => { globalThis.n = 1; process.exitCode = 1; });`) },
    {
      name: "a service that has such methods",
      code: handler(
        `const db = connect(); await step.run("a", () => { db.set("k", 1); db.delete("k"); db.push(1); });`,
      ),
    },
    { name: "reading a list", code: handler(`const list = [1]; await step.run("a", () => list.map((n) => n + 1));`) },
    { name: "a step without a body", code: handler(`let n = 0; await step.sleep("a", n++);`) },
  ],
  invalid: [
    { code: handler(`let n; await step.run("a", () => { n = 1; });`), errors: [mutation("n")] },
    { code: handler(`let n = 0; await step.run("a", async () => { n += 1; });`), errors: [mutation("n")] },
    { code: handler(`let n = 0; await step.run("a", () => n++);`), errors: [mutation("n")] },
    { code: handler(`let n; await step.ai.wrap("a", () => { n ??= 1; });`), errors: [mutation("n", "ai.wrap")] },
    {
      name: "several at once",
      code: handler(`let a, b, c, d; await step.run("a", () => { ({ a, x: [b = 1], ...c } = load()); [...d] = []; });`),
      errors: [mutation("a"), mutation("b"), mutation("c"), mutation("d")],
    },
    {
      name: "a property",
      code: handler(`const state = {}; await step.run("a", () => { state.a.b = 1; });`),
      errors: [mutation("state")],
    },
    {
      name: "the event",
      code: handler(`await step.run("a", () => { event.data.seen = true; });`),
      errors: [mutation("event")],
    },
    {
      name: "a deletion",
      code: handler(`const o = { a: 1 }; await step.run("a", () => { delete o.a; });`),
      errors: [mutation("o")],
    },
    {
      name: "a list",
      code: handler(`const list = []; await step.run("a", () => { list.push(1); });`),
      errors: [mutation("list")],
    },
    {
      name: "a map",
      code: handler(`const seen = new Map(); await step.run("a", () => seen.set(1, 2));`),
      errors: [mutation("seen")],
    },
    {
      name: "deep inside",
      code: handler(`let n = 0; await step.run("a", () => { for (const x of list) visit(() => { n += x; }); });`),
      errors: [mutation("n")],
    },
    {
      name: "in a body by its name",
      code: handler(`let n = 0; const body = () => { n = 1; }; await step.run("a", body);`),
      errors: [mutation("n")],
    },
    {
      name: "in a helper that is given the tools",
      code: `async function charge(step) { let id; await step.run("a", () => { id = 1; }); return id; }`,
      errors: [mutation("id")],
    },
  ],
});
