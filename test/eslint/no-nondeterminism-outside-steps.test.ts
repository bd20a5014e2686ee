import { handler, rule } from "./tester.ts";

const value = (what: string, code = what) => ({ messageId: "value", data: { what, code } });
const inFile = (imports: string, code: string) => `${imports}\n${handler(`${code}\nawait step.run("z", () => 1);`)}`;
const using = (code: string) => handler(`${code}\nawait step.run("z", () => 1);`);

rule("no-nondeterminism-outside-steps", {
  valid: [
    using(`await step.run("a", () => Date.now());`),
    using(`await step.run("a", async () => { const r = await fetch(url); return r.json(); });`),
    using(`await step.ai.wrap("a", () => Math.random());`),
    using(`const body = () => new Date(); await step.run("a", body);`),
    { name: "a given date", code: using(`const due = new Date(event.ts + 1000);`) },
    {
      name: "what a step is given is looked at once",
      code: using(`await step.sleepUntil("a", new Date(Date.now() + 1000));`),
    },
    {
      name: "an event's data",
      code: using(`await step.sendEvent("a", list.map((n) => ({ name: "b", data: { n, at: Date.now() } })));`),
    },
    { name: "a step's input", code: using(`await step.run("a", (id) => id, crypto.randomUUID());`) },
    { name: "a log line", code: using(`logger.info("now", Date.now()); console.log(new Date());`) },
    { name: "outside of handlers", code: "const started = Date.now(); setTimeout(() => fetch(url), 1);" },
    {
      name: "a function that is no handler",
      code: "async function now({ clock }) { return Date.now() + Math.random(); }",
    },
    { name: "a handler without steps", code: handler(`return Date.now();`) },
    { name: "a fetch of one's own", code: using(`const fetch = (url) => step.fetch("a", url); await fetch(url);`) },
    { name: "a Date of one's own", code: inFile(`import { Date } from "./dates.js";`, `Date.now(); new Date();`) },
    { name: "another module's", code: inFile(`import { nanoid } from "./ids.js";`, `nanoid();`) },
    { name: "the rest of Math", code: using(`Math.max(1, 2); performance.mark("a"); crypto.subtle.digest("a", b);`) },
    { name: "the environment, unless it is asked for", code: using(`const url = process.env.URL;`) },
    { name: "what is allowed", code: using(`const now = Date.now();`), options: [{ allow: ["Date.now"] }] },
  ],
  invalid: [
    { code: using(`const now = Date.now();`), errors: [value("Date.now()")] },
    { code: using(`const now = new Date();`), errors: [value("new Date()")] },
    { code: using(`const now = Date();`), errors: [value("Date()")] },
    { code: using(`if (Math.random() < 0.5) return;`), errors: [value("Math.random()")] },
    { code: using(`const id = crypto.randomUUID();`), errors: [value("crypto.randomUUID()")] },
    { code: using(`const id = globalThis.crypto.randomUUID();`), errors: [value("globalThis.crypto.randomUUID()")] },
    { code: inFile(`import { randomUUID } from "node:crypto";`, `randomUUID();`), errors: [value("randomUUID()")] },
    { code: inFile(`import { randomBytes as some } from "crypto";`, `some(8);`), errors: [value("some()", "some(8)")] },
    {
      code: inFile(`import crypto from "node:crypto";`, `crypto.randomInt(8);`),
      errors: [value("crypto.randomInt()", "crypto.randomInt(8)")],
    },
    { code: inFile(`import { v4 as uuid } from "uuid";`, `uuid();`), errors: [value("uuid()")] },
    { code: inFile(`import { nanoid } from "nanoid";`, `nanoid();`), errors: [value("nanoid()")] },
    {
      code: using(`await fetch(url);`),
      errors: [{ messageId: "effect", data: { what: "fetch", code: "fetch(url)", tip: " Or call step.fetch." } }],
    },
    { code: using(`await new Promise((done) => setTimeout(done, 1000));`), errors: [{ messageId: "effect" }] },
    {
      name: "in a helper of the handler",
      code: using(`const now = () => Date.now(); now();`),
      errors: [value("Date.now()")],
    },
    { name: "in a callback", code: using(`list.map((n) => n + Math.random());`), errors: [value("Math.random()")] },
    {
      name: "in a helper that is given the tools",
      code: `async function pay(step) { const at = Date.now(); await step.run("a", () => at); }`,
      errors: [value("Date.now()")],
    },
    {
      name: "in a step's id",
      code: using(`await step.run("a" + Math.random(), () => 1);`),
      errors: [value("Math.random()")],
    },
    {
      name: "what an option names",
      code: using(`const url = process.env.URL; const flag = flags();`),
      options: [{ also: ["process.env", "flags"] }],
      errors: [value("process.env"), value("flags()")],
    },
  ],
});
