import type { Stack } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { describe, expect, it } from "vitest";
import { listenPattern } from "../../infra/listen-pattern.ts";
import { parseIngestMessage } from "../../lambdas/router/ingest-message.ts";
import { compilePattern } from "../../local/services/event-pattern.ts";
import { engineStack } from "./engine-stack.ts";

const OWN_MACHINE = "arn:aws:states:eu-west-1:111111111111:stateMachine:stepwell-wait";

const event = (fields: { source: string; "detail-type"?: string; detail?: object }) => ({
  version: "0",
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "Something Happened",
  account: "111111111111",
  time: "2026-11-21T10:00:00Z",
  region: "eu-west-1",
  resources: [],
  detail: {},
  ...fields,
});

const executionChanged = (stateMachineArn: string) =>
  event({ source: "aws.states", "detail-type": "Step Functions Execution Status Change", detail: { stateMachineArn } });

const hears = (pattern: events.EventPattern, one: object) =>
  compilePattern(JSON.stringify(listenPattern(pattern, OWN_MACHINE)))(one);

const defaultBus = (stack: Stack) => events.EventBus.fromEventBusName(stack, "Default", "default");

describe("engine.listen", () => {
  it("makes a rule on the other bus, straight to the ingest queue", () => {
    const { stack, engine, template } = engineStack();
    engine.listen(defaultBus(stack), { source: ["aws.s3"], detailType: ["Object Created"] });
    const rules = Object.values(
      template().findResources("AWS::Events::Rule", { Properties: { EventBusName: "default" } }),
    );
    expect(
      rules.map(({ Properties }) => [Properties.EventPattern.source, Properties.EventPattern["detail-type"]]),
    ).toEqual([[["aws.s3"], ["Object Created"]]]);
    const queueOf = (id: RegExp) => ({ "Fn::GetAtt": [expect.stringMatching(id), "Arn"] });
    expect(rules[0]?.Properties.Targets).toEqual([
      expect.objectContaining({ Arn: queueOf(/IngestQueue/), DeadLetterConfig: { Arn: queueOf(/IngestDeadLetters/) } }),
    ]);
  });

  it("can be asked again and again", () => {
    const { stack, engine, template } = engineStack();
    const bus = defaultBus(stack);
    for (const source of ["aws.s3", "aws.ec2", "com.shop"]) engine.listen(bus, { source: [source] });
    expect(
      Object.keys(template().findResources("AWS::Events::Rule", { Properties: { EventBusName: "default" } })),
    ).toHaveLength(3);
  });

  it("brings events in as foreign ones of the environment main", () => {
    const created = event({ source: "aws.s3", "detail-type": "Object Created", detail: { bucket: { name: "b" } } });
    expect(hears({ source: ["aws.s3"] }, created)).toBe(true);
    expect(parseIngestMessage(JSON.stringify(created))).toMatchObject({
      kind: "event",
      event: { env: "main", name: "Object Created", foreign: { source: "aws.s3" } },
    });
  });

  it("leaves out the engine's own machine, and no other", () => {
    for (const pattern of [
      { source: ["aws.states"] },
      { account: ["111111111111"] },
      { source: [{ prefix: "aws." }] as never },
    ]) {
      expect(hears(pattern, executionChanged(OWN_MACHINE))).toBe(false);
      expect(hears(pattern, executionChanged(`${OWN_MACHINE}-of-somebody-else`))).toBe(true);
      expect(hears(pattern, event({ source: "aws.states", detail: { eventName: "CreateStateMachine" } }))).toBe(true);
    }
  });

  it("leaves out the engine's own events unless sources are named", () => {
    expect(hears({ account: ["111111111111"] }, event({ source: "stepwell.shop" }))).toBe(false);
    expect(hears({ account: ["111111111111"] }, event({ source: "com.shop" }))).toBe(true);
  });

  it("keeps what the user asks of the detail", () => {
    const pattern = { source: ["aws.s3"], detail: { bucket: { name: ["mine"] } } };
    expect(hears(pattern, event({ source: "aws.s3", detail: { bucket: { name: "mine" } } }))).toBe(true);
    expect(hears(pattern, event({ source: "aws.s3", detail: { bucket: { name: "other" } } }))).toBe(false);
  });

  it("takes machines that are named", () => {
    const other = `${OWN_MACHINE}-2`;
    const pattern = { source: ["aws.states"], detail: { stateMachineArn: [other] } };
    expect(hears(pattern, executionChanged(other))).toBe(true);
    expect(hears(pattern, executionChanged(OWN_MACHINE))).toBe(false);
  });

  it.each<[string, events.EventPattern, RegExp]>([
    ["an empty pattern", {}, /empty/],
    ["the engine's own events", { source: ["com.shop", "stepwell.shop"] }, /"stepwell.shop" is the engine's own/],
    ["its own machine", { detail: { stateMachineArn: [OWN_MACHINE] } }, /round in circles/],
    ["machines by a matcher", { detail: { stateMachineArn: [{ prefix: "arn:" }] } }, /a list of ARNs/],
  ])("refuses %s", (_what, pattern, message) => {
    expect(() => listenPattern(pattern, OWN_MACHINE)).toThrow(message);
  });

  it("refuses the engine's own bus, and an engine without the environment main", () => {
    const { engine } = engineStack();
    expect(() => engine.listen(engine.bus as events.IEventBus, { source: ["com.shop"] })).toThrow(/come anyway/);
    const { stack, engine: staging } = engineStack({ environments: ["staging"] });
    expect(() => staging.listen(defaultBus(stack), { source: ["com.shop"] })).toThrow(
      /"main", and the engine "stepwell" has none/,
    );
  });
});
