import { Inngest } from "stepwell/inngest";
import { type InngestServeOptions, serve } from "stepwell/inngest/lambda";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CLIENT_OPTIONS, type Fate, SERVE_OPTIONS, VARIABLES } from "../../dropin/inngest/options.ts";
import { codeIn, readRepository, rowsOf } from "../docs-tables.ts";
import { thrown } from "./cloud.ts";

const DOCUMENT = "docs/migrating-from-inngest.md";
const WORD = { works: "works", noEffect: "no effect" };
const wordOf = (fate: Fate) => (typeof fate === "string" ? WORD[fate] : "refused");

/** The tables under a heading: the option, and what becomes of it. */
function tableUnder(heading: string): Record<string, string> {
  const text = readRepository(DOCUMENT).split(`\n### ${heading}\n`)[1]?.split(/\n##/)[0] ?? "";
  const rows = [...text.matchAll(/^\| `(\w+)` \| ([\w ]+) \|/gm)];
  return Object.fromEntries(rows.map(([, name, word]) => [name, word]));
}
const wordsOf = (fates: Readonly<Record<string, Fate>>) =>
  Object.fromEntries(Object.entries(fates).map(([name, fate]) => [name, wordOf(fate)]));
const namesOf = (fates: Readonly<Record<string, Fate>>, word: string) =>
  Object.keys(fates).filter((name) => wordOf(fates[name] as Fate) === word);

afterEach(() => vi.unstubAllEnvs());

/** What can be told of a client from outside: its middleware is its own. */
const fieldsOf = ({ id, environment, logger }: Inngest) => ({ id, environment, logger });

describe("the tables of options", () => {
  it("list every option, and what becomes of it", () => {
    expect(tableUnder("Of the client")).toEqual(wordsOf(CLIENT_OPTIONS));
    expect(tableUnder("Of serve")).toEqual(wordsOf(SERVE_OPTIONS));
    expect(tableUnder("Variables")).toEqual(wordsOf(VARIABLES));
  });
});

describe("an option of the client", () => {
  it.each(namesOf(CLIENT_OPTIONS, "refused"))("that is refused says why: %s", (name) => {
    expect(thrown(() => new Inngest({ id: "app", [name]: "https://example.com" }))).toMatchObject({
      code: "STEPWELL_UNSUPPORTED",
      message: `new Inngest: ${name}: ${(CLIENT_OPTIONS[name as "baseUrl"] as { refused: string }).refused}`,
    });
    expect(() => new Inngest({ id: "app", [name]: undefined })).not.toThrow();
  });

  it.each(namesOf(CLIENT_OPTIONS, "no effect"))("that has no effect is taken: %s", (name) => {
    const plain = new Inngest({ id: "app" });
    const given = new Inngest({ id: "app", [name]: "anything" });
    expect(fieldsOf(given)).toEqual(fieldsOf(plain));
  });

  it("that works is handed on", () => {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const client = new Inngest({ id: "My App", env: "Staging", logger, experimentalCheckpointing: true });
    expect(client).toMatchObject({ id: "my-app", environment: "staging", logger });
  });

  it.each([
    [undefined, "new Inngest takes an object"],
    [{}, "new Inngest: id: must be a string"],
    [{ id: "app", env: 7 }, "new Inngest: env: must be a string"],
    [{ id: "app", logger: {} }, "new Inngest: logger: must have the methods"],
    [{ id: "app", middleware: {} }, "new Inngest: middleware: must be a list"],
    [{ id: "app", checkpointing: "often" }, "new Inngest: checkpointing: must be"],
    [
      { id: "app", experimentalCheckpointing: { bufferedSteps: 0 } },
      "new Inngest: checkpointing.bufferedSteps: must be",
    ],
  ])("that is wrong is named as it is called here: %j", (options, start) => {
    const { message } = thrown(() => new Inngest(options as never));
    expect(message.replace(": takes", " takes").slice(0, start.length)).toBe(start);
  });

  it("that nobody knows is refused", () => {
    const error = thrown(() => new Inngest({ id: "app", typo: 1 } as { id: string }));
    expect(error).toMatchObject({ code: "STEPWELL_INVALID_CLIENT", message: expect.stringContaining('"typo"') });
  });
});

describe("an option of serve", () => {
  const client = new Inngest({ id: "app" });
  const functions = [client.createFunction({ id: "one" }, { event: "go" }, () => {})];
  const manifestWith = async (options: object) =>
    serve({ client, functions, ...options } as InngestServeOptions)({ stepwell: "manifest" }, {} as never);

  it.each(namesOf(SERVE_OPTIONS, "refused"))("that is refused says why: %s", (name) => {
    const options = { client, functions, [name]: "other" } as InngestServeOptions;
    expect(thrown(() => serve(options))).toMatchObject({
      code: "STEPWELL_UNSUPPORTED",
      message: expect.stringMatching(new RegExp(`^serve: ${name}: `)),
    });
  });

  it.each(namesOf(SERVE_OPTIONS, "no effect"))("that has no effect is taken: %s", async (name) => {
    expect(await manifestWith({ [name]: "anything" })).toEqual(await manifestWith({}));
  });

  it("that nobody knows is refused", () => {
    const error = thrown(() => serve({ client, functions, landingPage: true } as InngestServeOptions));
    expect(error).toMatchObject({ code: "STEPWELL_INVALID_OPTION", message: expect.stringContaining('"landingPage"') });
  });
});

describe("a variable", () => {
  it.each(namesOf(VARIABLES, "no effect"))("that has no effect changes nothing: %s", (name) => {
    const plain = fieldsOf(new Inngest({ id: "app" }));
    vi.stubEnv(name, "https://example.com");
    expect(fieldsOf(new Inngest({ id: "app" }))).toEqual(plain);
  });

  it("that works: INNGEST_ENV", () => {
    expect(namesOf(VARIABLES, "works")).toEqual(["INNGEST_ENV"]);
    vi.stubEnv("INNGEST_ENV", "branch-7");
    expect(new Inngest({ id: "app" }).environment).toBe("branch-7");
  });
});

describe("the page about OqronKit", () => {
  it("lists the options that ingest has of its own", () => {
    const names = rowsOf("docs/migrating-from-oqronkit.md", "Options of ingest").map((row) => codeIn(row.option));
    expect(names).toEqual(["name", "event", "handler", "concurrency", "retries", "timeout", "batch", "rateLimit"]);
  });
});
