import { answerTo } from "./answer.ts";
import { setCaller } from "./caller.ts";
import type { DoorHandler } from "./door.ts";

/** What Lambda is called with by a function URL, or by an HTTP API (payload format 2.0): what the door needs of it. */
export interface LambdaUrlEvent {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly domainName?: string;
    readonly http: { readonly method: string };
    readonly authorizer?: { readonly iam?: { readonly userArn?: string; readonly accountId?: string } | null } | null;
  };
}

/** What Lambda answers it with. */
export interface LambdaUrlResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * A door as the handler of a Lambda function URL, or behind an HTTP API. With `auth: "iam"` the URL must have the auth type `AWS_IAM`: AWS
 * then refuses who may not call, and the door refuses events that came without an identity.
 *
 * @example
 * ```ts
 * export const handler = lambdaUrl(httpDoor({ client: stepwell, auth: "iam", functions: [shipOrder] }));
 * ```
 */
export const lambdaUrl =
  (door: DoorHandler) =>
  async (event: LambdaUrlEvent): Promise<LambdaUrlResult> => {
    const response = await answerTo(door, () => requestOf(event));
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };

function requestOf(event: LambdaUrlEvent): Request {
  const { rawPath, rawQueryString = "", requestContext, body } = event;
  const { method } = requestContext.http;
  const url = new URL(`https://${requestContext.domainName ?? "lambda-url"}`);
  url.pathname = rawPath;
  url.search = rawQueryString;
  const headers = Object.entries(event.headers ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  const hasBody = body !== undefined && body !== null && method !== "GET" && method !== "HEAD";
  const bytes = hasBody && Buffer.from(body, event.isBase64Encoded === true ? "base64" : "utf8");
  const request = new Request(url, { method, headers, ...(bytes && { body: bytes }) });
  const { userArn, accountId } = requestContext.authorizer?.iam ?? {};
  if (userArn) setCaller(request, { userArn, accountId: accountId ?? "" });
  return request;
}
