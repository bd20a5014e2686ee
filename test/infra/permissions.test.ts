import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as events from "aws-cdk-lib/aws-events";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { App, Engine } from "stepwell/cdk";
import { describe, expect, it } from "vitest";
import { PARTITIONS, registryOf } from "../../infra/permissions.ts";
import { appKey, deadLetterPartition, registryPartition, runPartition } from "../../lambdas/aws/keys.ts";
import { flaggedApp, ROOT } from "./engine-stack.ts";
import { type Allowed, Policies } from "./statements.ts";

const docs = readFileSync(join(ROOT, "docs/permissions.md"), "utf8");
const [always = "", withKey = ""] = docs.slice(docs.indexOf("## Always")).split("## With an `encryptionKey`");

interface Row {
  readonly allowed: readonly Allowed[];
  readonly why: string;
}

const quoted = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

/** The rows of the tables whose first column says who. */
function rowsOf(text: string): readonly Row[] {
  const lines = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| who "));
  return lines.map((line) => {
    const [who = "", may = "", on = "", when = "", why = ""] = line
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    const things = on === "the key" ? [on] : quoted(on);
    const allowed = who
      .split(", ")
      .flatMap((one) =>
        quoted(may).flatMap((action) =>
          things.map((thing) => ({ who: one, action, on: thing, when: quoted(when)[0] ?? "" })),
        ),
      );
    return { allowed, why };
  });
}

const LOGICAL_IDS: readonly (readonly [RegExp, string])[] = [
  [/^EngineRegistration.*ServiceRole.*$/, "registration"],
  [/^AppRole.*$/, "app"],
  [/^SenderServiceRole.*$/, "sender"],
  [/^KeyE?[0-9A-F]{8}$/, "the key"],
  [/EngineListen[0-9a-f]{8}[0-9A-F]{8}$/, "of engine.listen"],
  [/EngineEveryMinute[0-9A-F]{8}$/, "every minute"],
];

/** Everything at once: an engine, an app, a listened bus, a sender. */
function policiesOf(customerKey: boolean): Policies {
  const stack = new Stack(flaggedApp(), "Everything");
  const key = customerKey ? { encryptionKey: new kms.Key(stack, "Key") } : {};
  const engine = new Engine(stack, "Engine", { name: "zengine", ...key });
  const code = { code: lambda.Code.fromInline("exports.handler = () => {};") };
  new App(stack, "App", { engine, clientId: "zapp", ...code });
  engine.listen(events.EventBus.fromEventBusName(stack, "Default", "default"), { source: ["aws.s3"] });
  engine.grantSend(
    new lambda.Function(stack, "Sender", { ...code, runtime: lambda.Runtime.NODEJS_24_X, handler: "index.handler" }),
  );
  const rename = (text: string) =>
    LOGICAL_IDS.reduce((renamed, [id, name]) => renamed.replace(id, name), text)
      .replaceAll("zengine", "<engine>")
      .replaceAll("zapp", "<app>")
      .replace(/\bmain\b/g, "<env>");
  return new Policies(Template.fromStack(stack), rename);
}

const lines = (allowed: readonly Allowed[]): readonly string[] =>
  [
    ...new Set(
      allowed.map(({ who, action, on, when }) => `${who} may ${action} on ${on}${when === "" ? "" : ` if ${when}`}`),
    ),
  ].sort();

const documented = (...parts: readonly string[]) => lines(parts.flatMap(rowsOf).flatMap(({ allowed }) => allowed));

const plain = policiesOf(false);
const encrypted = policiesOf(true);

describe("docs/permissions.md", () => {
  it("says exactly what the policies of an engine and an app allow", () => {
    expect(lines(plain.allowed())).toEqual(documented(always));
  });

  it("says exactly what a customer's key adds", () => {
    expect(lines(encrypted.allowed())).toEqual(documented(always, withKey));
  });

  it("has a reason for every row, so for every resource with a star", () => {
    const rows = [always, withKey].flatMap(rowsOf);
    expect(rows.filter(({ why }) => why === "")).toEqual([]);
    expect(rows.length).toBeGreaterThan(40);
  });
});

describe("least privilege", () => {
  const all = [...plain.allowed(), ...encrypted.allowed()];

  it("no policy of the engine or an app has a star among its actions, or is for every resource", () => {
    // The account's own right to its key is the CDK's default, and not the engine's doing.
    const ours = all.filter(({ who }) => who !== "iam:root");
    expect(ours.filter(({ action }) => action.includes("*"))).toEqual([]);
    expect(ours.filter(({ on }) => on === "*")).toEqual([]);
  });

  it("nobody may scan the table, or delete an object", () => {
    expect(all.filter(({ action }) => ["dynamodb:Scan", "s3:DeleteObject"].includes(action))).toEqual([]);
  });

  it("managed policies are on roles of the CDK and of users alone", () => {
    expect(
      plain
        .managedPolicies()
        .map(({ who }) => who)
        .sort(),
    ).toEqual(["registration", "sender"]);
  });

  it("every queue and the bucket refuse whoever does not use TLS", () => {
    expect(
      plain
        .denied()
        .filter(({ when }) => when === "aws:SecureTransport = false")
        .map(({ on }) => on)
        .sort(),
    ).toEqual([
      "s3:<engine>-payloads-<account>-<region>",
      "s3:<engine>-payloads-<account>-<region>/*",
      "sqs:<engine>-dead-<env>-<app>",
      "sqs:<engine>-ingest",
      "sqs:<engine>-ingest-dead",
      "sqs:<engine>-runs-<env>-<app>",
    ]);
  });

  it("the fences around partitions are those of the keys", () => {
    const like = (pattern: string) => new RegExp(`^${pattern.replaceAll("$", "\\$").replaceAll("*", ".*")}$`);
    expect(runPartition({ env: "main", app: "shop", runId: "r" })).toMatch(like(PARTITIONS.runs));
    expect(deadLetterPartition("main")).toMatch(like(PARTITIONS.deadLetters));
    expect(registryPartition("main")).toMatch(like(PARTITIONS.registry));
    expect(appKey("main", "shop").pk).toBe(registryOf("main"));
  });
});
