import type { EventPattern } from "aws-cdk-lib/aws-events";
import { EVENT_SOURCE_PREFIX } from "../lambdas/contract.ts";

/** The fields of a pattern, as EventBridge names them. */
const FIELDS = {
  version: "version",
  id: "id",
  source: "source",
  detailType: "detail-type",
  account: "account",
  time: "time",
  region: "region",
  resources: "resources",
} as const satisfies Partial<Record<keyof EventPattern, string>>;

/**
 * A user's pattern as EventBridge takes it, without what would go round in circles: the engine's own events, and those that tell how
 * its state machine fares.
 *
 * @throws Error when the pattern asks for just these, or for everything without saying so
 */
export function listenPattern(pattern: EventPattern, waitMachineArn: string): object {
  const { detail, source = [{ "anything-but": { prefix: EVENT_SOURCE_PREFIX } }], ...rest } = pattern;
  if (Object.keys(pattern).length === 0)
    throw new Error("engine.listen: the pattern is empty. Name what to listen to, at least its `source`.");
  const own = source.find((name) => typeof name === "string" && name.startsWith(EVENT_SOURCE_PREFIX));
  if (own !== undefined)
    throw new Error(
      `engine.listen: the source "${own}" is the engine's own. Its events are on its own bus, and come anyway.`,
    );
  const fields = Object.entries({ ...rest, source }).map(([name, values]) => [
    FIELDS[name as keyof typeof FIELDS],
    values,
  ]);
  return { ...Object.fromEntries(fields), detail: withoutMachine(detail, waitMachineArn) };
}

function withoutMachine(detail: Readonly<Record<string, unknown>> = {}, waitMachineArn: string): object {
  const { stateMachineArn } = detail;
  if (stateMachineArn === undefined)
    return { ...detail, stateMachineArn: [{ exists: false }, { "anything-but": [waitMachineArn] }] };
  if (
    Array.isArray(stateMachineArn) &&
    stateMachineArn.every((arn) => typeof arn === "string" && arn !== waitMachineArn)
  )
    return detail;
  throw new Error(
    "engine.listen: `detail.stateMachineArn` has to be a list of ARNs without the engine's own machine, whose events would go round in circles.",
  );
}
