import { currentInvocation } from "../../local/invocation.ts";
import type { InProcessHandler } from "../../local/transport.ts";
import { serviceOf } from "../../local/wire.ts";

/** One AWS call of a Lambda, in the words of IAM. */
export interface Call {
  /** The Lambda's name. */
  readonly by: string;
  readonly action: string;
  /** As in `statements.ts`: the service and what comes after the account. */
  readonly on: string;
  /** `dynamodb:LeadingKeys`. */
  readonly key?: string;
}

type Request = Parameters<InProcessHandler["handle"]>[0];

/** Notes what Lambdas call. Calls that no Lambda makes, the test's own, are not noted. */
export function recording(inner: InProcessHandler, calls: Call[]): InProcessHandler {
  return {
    ...inner,
    handle: (request, options) => {
      const by = currentInvocation()?.functionName;
      if (by !== undefined) calls.push(...callsOf(request).map((call) => ({ by, ...call })));
      return inner.handle(request, options);
    },
  };
}

/** A transaction takes the permissions of its actions. */
function callsOf(request: Request): readonly Omit<Call, "by">[] {
  if (!request.headers["x-amz-target"]?.endsWith(".TransactWriteItems")) return [callOf(request)];
  const { TransactItems } = JSON.parse(textOf(request.body));
  return TransactItems.map(
    ({ ConditionCheck: check, Put: put }: Record<string, { TableName: string; Key: Key; Item: Key }>) => ({
      action: check === undefined ? "dynamodb:PutItem" : "dynamodb:ConditionCheckItem",
      on: `dynamodb:table/${(check ?? put)?.TableName}`,
      key: (check?.Key ?? put?.Item)?.pk.S,
    }),
  );
}

interface Key {
  readonly pk: { readonly S: string };
}

function callOf(request: Request): Omit<Call, "by"> {
  const service = serviceOf({ ...request, query: {}, body: "" });
  const operation = (request.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
  const text = textOf(request.body);
  const fields = text.startsWith("{") ? JSON.parse(text) : {};
  const path = decodeURIComponent(request.path);
  switch (service) {
    case "dynamodb": {
      const key = (fields.Key ?? fields.Item)?.pk.S ?? fields.ExpressionAttributeValues[":pk"].S;
      const index = fields.IndexName === undefined ? "" : `/index/${fields.IndexName}`;
      return { action: `dynamodb:${operation}`, on: `dynamodb:table/${fields.TableName}${index}`, key };
    }
    case "sqs":
      return { action: `sqs:${operation.replace("Batch", "")}`, on: `sqs:${fields.QueueUrl.split("/").at(-1)}` };
    case "events":
      return { action: `events:${operation}`, on: `events:event-bus/${fields.Entries[0].EventBusName}` };
    case "states": {
      const arn = fields.stateMachineArn ?? fields.executionArn ?? ":::::stateMachine:stepwell-wait";
      return { action: `states:${operation}`, on: `states:${arn.split(":").slice(5).join(":")}` };
    }
    case "scheduler": {
      const name = path.split("/")[2] ?? "*";
      const group = fields.GroupName ?? request.query?.groupName ?? "*";
      const verb = { POST: "Create", PUT: "Update", DELETE: "Delete", GET: "List" }[request.method];
      return {
        action: `scheduler:${verb}Schedule${verb === "List" ? "s" : ""}`,
        on: `scheduler:schedule/${group}/${name}`,
      };
    }
    case "s3":
      return { action: `s3:${request.method === "PUT" ? "Put" : "Get"}Object`, on: `s3:${path.slice(1)}` };
    case "lambda":
      return { action: "lambda:InvokeFunction", on: `lambda:function:${path.split("/")[3]}` };
    default:
      throw new Error(`A call of the service "${service}" is not known: ${request.method} ${request.path}`);
  }
}

/** A view, not a copy: the SDK's byte arrays complain when they are copied. */
const textOf = (body: unknown): string =>
  body instanceof Uint8Array
    ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    : String(body ?? "");
