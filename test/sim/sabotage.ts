import type { InProcessHandler } from "../../local/transport.ts";
import { bodyText, callName } from "../../sim/call-name.ts";

type Sabotage = (inner: InProcessHandler) => InProcessHandler;
type Headers = Parameters<InProcessHandler["handle"]>[0]["headers"];
type Input = Readonly<Record<string, unknown>>;

/** Requests of that name are changed on their way to AWS. */
const changing =
  (name: RegExp, change: (input: Input, headers: Headers) => Input): Sabotage =>
  (inner) => ({
    ...inner,
    handle: (request, options) => {
      if (!name.test(callName(request))) return inner.handle(request, options);
      const headers = { ...request.headers };
      const body = JSON.stringify(change(JSON.parse(bodyText(request.body)), headers));
      return inner.handle({ ...request, headers, body }, options);
    },
  });

/** Writes of that name are made without this part of their condition. */
export const unguarded = (name: RegExp, part: RegExp): Sabotage =>
  changing(name, (input) => {
    const { ExpressionAttributeNames, ExpressionAttributeValues, ConditionExpression, ...others } = input;
    const condition = String(ConditionExpression).replace(part, "");
    const left = { ...others, ...(condition !== "" && { ConditionExpression: condition }) };
    // DynamoDB objects to names and values that nothing uses.
    const text = JSON.stringify(left);
    return {
      ...left,
      ...only("ExpressionAttributeNames", ExpressionAttributeNames, text),
      ...only("ExpressionAttributeValues", ExpressionAttributeValues, text),
    };
  });

function only(attribute: string, all: unknown, text: string): Input {
  const used = Object.entries(all ?? {}).filter(([name]) => new RegExp(`${name}\\b`).test(text));
  return used.length === 0 ? {} : { [attribute]: Object.fromEntries(used) };
}

/** A message is acknowledged as soon as its holder has the lease, instead of hidden while it works. */
export const acknowledgedTooEarly: Sabotage = changing(/^ChangeMessageVisibility stepwell-runs/, (input, headers) => {
  headers["x-amz-target"] = "AmazonSQS.DeleteMessage";
  const { VisibilityTimeout: _, ...others } = input;
  return others;
});
