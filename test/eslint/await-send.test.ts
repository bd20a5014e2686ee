import { handler, rule } from "./tester.ts";

const floating = (call: string) => ({ messageId: "floating", data: { call } });
const awaited = (call: string, output: string) => ({
  ...floating(call),
  suggestions: [{ messageId: "addAwait", output }],
});

rule("await-send", {
  valid: [
    "await stepwell.send({ name: 'a' });",
    "export const send = () => stepwell.send({ name: 'a' });",
    "async function f() { return stepwell.send({ name: 'a' }); }",
    "const sent = stepwell.send({ name: 'a' }); await sent;",
    "await Promise.all([stepwell.send(a), stepwell.send(b)]);",
    "await Promise.all(list.map((event) => stepwell.send(event)));",
    "await stepwell.send(a).catch(report);",
    "void stepwell.send(a);",
    "await (isBig ? stepwell.send(a) : stepwell.send(b));",
    "stepwell.createFunction({}, {}, () => 1);",
    { name: "another send", code: "response.send('ok'); socket.send(data); mailer.send();" },
    { name: "a send of one's own", code: "const stepwell = new Mailer(); stepwell.send();" },
    handler(`await step.sendEvent("a", []);`),
    handler(`return step.sendEvent("a", []);`),
    handler(`const sent = step.sendEvent("a", []); await sent;`),
    { name: "other steps", code: handler(`step.run("a", () => 1);`) },
  ],
  invalid: [
    {
      code: "async function f() { stepwell.send({ name: 'a' }); }",
      errors: [awaited("stepwell.send", "async function f() { await stepwell.send({ name: 'a' }); }")],
    },
    { code: "function f() { inngest.send({ name: 'a' }); }", errors: [floating("inngest.send")] },
    {
      code: "const shop = new Stepwell({ id: 'shop' }); shop.send(a);",
      errors: [awaited("shop.send", "const shop = new Stepwell({ id: 'shop' }); await shop.send(a);")],
    },
    {
      code: "stepwell.cancel(id); stepwell.sendSignal(a);",
      errors: [
        awaited("stepwell.cancel", "await stepwell.cancel(id); stepwell.sendSignal(a);"),
        awaited("stepwell.sendSignal", "stepwell.cancel(id); await stepwell.sendSignal(a);"),
      ],
    },
    {
      name: "with a catch",
      code: "function f() { stepwell.send(a).catch(log); }",
      errors: [floating("stepwell.send")],
    },
    {
      name: "under a condition",
      code: "function f() { ready && stepwell.send(a); }",
      errors: [floating("stepwell.send")],
    },
    { name: "in a choice", code: "function f() { x ? stepwell.send(a) : 0; }", errors: [floating("stepwell.send")] },
    { name: "in a sequence", code: "const f = () => (stepwell.send(a), 1);", errors: [floating("stepwell.send")] },
    {
      name: "in a forEach",
      code: "list.forEach((event) => stepwell.send(event));",
      errors: [floating("stepwell.send")],
    },
    { name: "of a field", code: "function f() { this.stepwell.send(a); }", errors: [floating("this.stepwell.send")] },
    {
      name: "of a client by an option",
      code: "function f() { bus.send(a); }",
      options: [{ clients: ["bus"] }],
      errors: [floating("bus.send")],
    },
    {
      code: handler(`step.sendEvent("a", []);`),
      errors: [awaited("step.sendEvent", handler(`await step.sendEvent("a", []);`))],
    },
  ],
});
