import { handler, rule } from "./tester.ts";

const nested = (inner: string, outer = "run") => ({ messageId: "nested", data: { inner, outer } });

rule("no-nested-steps", {
  valid: [
    handler(`const a = await step.run("a", () => 1); return step.run("b", () => a);`),
    { name: "a helper of the handler", code: handler(`const pay = () => step.run("pay", () => 1); await pay();`) },
    {
      name: "a helper in the file that is given the tools",
      code: `const pay = (step, id) => step.run(id, () => 1);\n${handler('return pay(step, "a");')}`,
    },
    { name: "an array of promises", code: handler(`await Promise.all([1, 2].map((n) => step.run("n", () => n)));`) },
    {
      name: "a step after the body that returns",
      code: handler(`return (await step.run("a", () => 1)) ?? step.sleep("b", 1);`),
    },
    { name: "a step's input", code: handler(`await step.run("a", (n) => n, await step.run("b", () => 1));`) },
    { name: "a chain", code: handler(`await step.run("a", () => 1).then((n) => step.run("b", () => n));`) },
    { name: "a catch", code: handler(`await step.run("a", () => 1).catch(() => step.run("undo", () => 2));`) },
    {
      name: "somebody else's step",
      code: handler(`await step.run("a", () => { wizard.step.next(); step2.run("b"); });`),
    },
    {
      name: "somebody else's run",
      code: handler(`await step.run("a", () => { run("b"); tools.run("c", () => 1); });`),
    },
    {
      name: "a helper without steps",
      code: handler(`const add = (n) => n + 1; await step.run("a", () => add(1)); await step.run("b", () => 2);`),
    },
    {
      name: "a function that is defined in a body",
      code: handler(
        `await step.run("a", () => client.createFunction({}, {}, async ({ step }) => step.run("b", () => 1)));`,
      ),
    },
    {
      name: "a recursion",
      code: handler(`const again = (n) => n && again(n - 1); await step.run("a", () => again(3));`),
    },
    {
      name: "calls in a circle",
      code: handler(`const f = () => g(); const g = () => f(); await step.run("a", () => f());`),
    },
  ],
  invalid: [
    { code: handler(`await step.run("a", async () => { await step.run("b", () => 1); });`), errors: [nested("run")] },
    { code: handler(`await step.run("a", () => step.sleep("b", "1d"));`), errors: [nested("sleep")] },
    {
      code: handler(`await step.run("a", function () { return step.ai.infer("b", {}); });`),
      errors: [nested("ai.infer")],
    },
    {
      code: handler(`await step.ai.wrap("a", () => step.sendEvent("b", []));`),
      errors: [nested("sendEvent", "ai.wrap")],
    },
    {
      name: "deep inside",
      code: handler(`await step.run("a", () => list.map((n) => { if (n) step.invoke("b", {}); }));`),
      errors: [nested("invoke")],
    },
    {
      name: "a body by its name",
      code: handler(`const body = async () => { await step.sleep("b", 1); }; await step.run("a", body);`),
      errors: [nested("sleep")],
    },
    {
      name: "a body that is declared",
      code: handler(`async function body() { await step.sleep("b", 1); } await step.run("a", body);`),
      errors: [nested("sleep")],
    },
    {
      name: "tools under other names",
      code: `create(async ({ step: s }) => { await s.run("a", () => s.sleep("b", 1)); });`,
      errors: [nested("sleep")],
    },
    {
      name: "tools that are taken apart",
      code: `create(async ({ step: { run, sleep } }) => { await run("a", () => sleep("b", 1)); });`,
      errors: [nested("sleep")],
    },
    {
      name: "tools that are taken apart later",
      code: `create(async (ctx) => { const { step } = ctx; const { run } = step; await run("a", () => ctx.step["sleep"]("b", 1)); });`,
      errors: [nested("sleep")],
    },
    {
      name: "by a helper of the handler",
      code: handler(`const pay = () => step.run("pay", () => 1); await step.run("a", () => pay());`),
      errors: [{ messageId: "indirect", data: { name: "pay", outer: "run" } }],
    },
    {
      name: "by a helper of a helper",
      code: handler(`
        function pay() { return step.run("pay", () => 1); }
        const both = async () => { await pay(); };
        await step.run("a", async () => { await both(); });`),
      errors: [{ messageId: "indirect", data: { name: "both", outer: "run" } }],
    },
    {
      name: "by a helper in the file",
      code: `const pay = (step) => step.run("pay", () => 1);\n${handler('await step.run("a", () => pay(step));')}`,
      errors: [{ messageId: "indirect", data: { name: "pay", outer: "run" } }],
    },
  ],
});
