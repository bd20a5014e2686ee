import type { InProcessHandler } from "../local/transport.ts";

export type Request = Parameters<InProcessHandler["handle"]>[0];
export type Answer = Awaited<ReturnType<InProcessHandler["handle"]>>["response"];

/** An AWS call, readable: the operation, and what it is about. `UpdateItem run#…/header (SET #owner)` */
export function callName({ headers, method, path, body }: Request): string {
  const operation = headers["x-amz-target"]?.split(".").at(-1) ?? `${method} ${path.split("?")[0]}`;
  const text = bodyText(body);
  return [operation, ...subjectOf(text.startsWith("{") ? (JSON.parse(text) as Input) : {})].join(" ");
}

/** The run that a call's name tells of. */
export const runOfCall = (name: string): string | undefined => /run#(\w+)/.exec(name)?.[1];

/** A view, not a copy: the SDK's byte arrays complain when they are copied. */
export function bodyText(body: unknown): string {
  if (typeof body === "string") return body;
  if (!(body instanceof Uint8Array)) return "";
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}

interface Text {
  readonly S: string;
}

interface Input {
  readonly Key?: { readonly pk: Text; readonly sk: Text };
  readonly Item?: { readonly pk: Text; readonly sk: Text; readonly id?: Text };
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Partial<Text>>>;
  readonly QueueUrl?: string;
  readonly MessageBody?: string;
  readonly TransactItems?: readonly { readonly Put?: Input }[];
  /** Of an execution. */
  readonly name?: string;
}

function subjectOf(input: Input): string[] {
  const put = input.TransactItems?.find(({ Put }) => Put !== undefined)?.Put;
  if (put !== undefined) return subjectOf(put);
  const key = input.Key ?? input.Item;
  if (key !== undefined) {
    const write = input.UpdateExpression?.split(/[ ,]/).slice(0, 2).join(" ");
    const id = key.sk.S.startsWith("step#") && input.Item?.id?.S;
    const what = write ?? id;
    return [`${key.pk.S.split("#").slice(2).join("#")}/${key.sk.S}`, ...(what ? [`(${what})`] : [])];
  }
  const partition = input.ExpressionAttributeValues?.[":pk"]?.S;
  return [partition, input.QueueUrl?.split("/").at(-1), ...messageOf(input.MessageBody), input.name].filter(
    (part) => part !== undefined,
  );
}

/** What a message is, and the run that it is about. */
function messageOf(body = ""): (string | undefined)[] {
  const runId = /"runId":"(\w+)"/.exec(body)?.[1];
  return [/"kind":"(\w+)"/.exec(body)?.[1], runId && `run#${runId}`];
}
