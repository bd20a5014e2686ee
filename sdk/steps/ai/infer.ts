import { jsonText } from "../../client/json.ts";
import {
  badInput,
  isRecord,
  NonRetriableError,
  quote,
  RetryAfterError,
  refuseUnknownKeys,
} from "../../errors/index.ts";
import type { BodyContext, Ledger } from "../../execution/contract.ts";
import type { AiAdapter, AiTools, AiUsage } from "../../types/index.ts";
import { checkStepId, rejecting } from "../step-id.ts";
import { type AiRecord, keptRequest } from "./record.ts";
import { usageIn } from "./usage.ts";

const CODE = "STEPWELL_INVALID_STEP";
const ADAPTER = ["model", "url", "headers", "toRequest", "usageOf"];
/** Characters of a refusal that are told. */
const REFUSAL_CHARS_MAX = 500;
/** What passes: the provider was busy, or broken. */
const PASSES: ReadonlySet<number> = new Set([408, 409, 429]);

export const infer =
  (ledger: Ledger): AiTools["infer"] =>
  (id, options) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.ai.infer");
      const request = checkRequest(options, where);
      const asked = ledger.ask({ ...step, kind: "ai.infer", body: (context) => send(request, context, where) });
      return asked.then((record) => (record as AiRecord).response ?? null);
    });

interface Request {
  readonly adapter: AiAdapter;
  readonly url: URL;
  /** JSON. */
  readonly text: string;
}

function checkRequest(options: unknown, where: string): Request {
  if (!isRecord(options)) {
    throw badInput(CODE, where, `the second argument must be { model, body }, got ${quote(options)}.`);
  }
  refuseUnknownKeys(options, ["model", "body"], CODE, where);
  const adapter = checkAdapter(options.model, `${where}: model`);
  if (options.body === undefined) throw badInput(CODE, where, "a `body` is required: what the model is asked.");
  const url = checkUrl(adapter.url, `${where}: model.url`);
  const shaped = adapter.toRequest === undefined ? options.body : adapter.toRequest(options.body);
  return { adapter, url, text: jsonText(shaped, "body", CODE, where) };
}

function checkAdapter(adapter: unknown, where: string): AiAdapter {
  if (!isRecord(adapter)) {
    const text = `must be an adapter { model, url, headers?, … }, as those of "stepwell/ai", got ${quote(adapter)}.`;
    throw badInput(CODE, where, text);
  }
  refuseUnknownKeys(adapter, ADAPTER, CODE, where);
  const { model, headers, toRequest, usageOf } = adapter;
  if (typeof model !== "string") throw badInput(CODE, `${where}.model`, `must be a text, got ${quote(model)}.`);
  if (headers !== undefined && typeof headers !== "function" && !isRecord(headers))
    throw badInput(CODE, `${where}.headers`, `must be an object, or a function that gives one, got ${quote(headers)}.`);
  for (const [name, value] of Object.entries({ toRequest, usageOf }))
    if (value !== undefined && typeof value !== "function")
      throw badInput(CODE, `${where}.${name}`, `must be a function, got ${quote(value)}.`);
  return adapter as unknown as AiAdapter;
}

function checkUrl(url: unknown, where: string): URL {
  const parsed = URL.parse(String(url));
  if (parsed?.protocol === "https:" || parsed?.protocol === "http:") return parsed;
  throw badInput(CODE, where, `must be an address of http or https, got ${quote(url)}.`);
}

async function send({ adapter, url, text }: Request, { signal }: BodyContext, where: string): Promise<AiRecord> {
  const { model, headers = {} } = adapter;
  const own = typeof headers === "function" ? await headers() : headers;
  const sent = { method: "POST", headers: { "content-type": "application/json", ...own }, body: text, signal };
  const answer = await globalThis.fetch(url, sent);
  if (!answer.ok) throw await refusal(answer, `${where}: ${model}`);
  const response = await jsonOf(answer, `${where}: ${model}`);
  const usage = (adapter.usageOf?.(response) ?? usageIn(response)) satisfies AiUsage | undefined;
  const request = { model, url: `${url.origin}${url.pathname}`, body: keptRequest(JSON.parse(text)) };
  return { response, ...(usage && { usage }), request };
}

async function jsonOf(answer: Response, who: string): Promise<unknown> {
  const text = await answer.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${who} answered ${answer.status} with what is no JSON: ${text.slice(0, REFUSAL_CHARS_MAX)}`);
  }
}

async function refusal(answer: Response, who: string): Promise<Error> {
  const { status, headers } = answer;
  const message = `${who} answered ${status}: ${(await answer.text()).slice(0, REFUSAL_CHARS_MAX)}`;
  if (status < 500 && !PASSES.has(status)) return new NonRetriableError(message);
  const after = retryAfter(headers.get("retry-after"));
  return after === undefined ? new Error(message) : new RetryAfterError(message, after);
}

/** Seconds, or a date, as HTTP has it. */
function retryAfter(text: string | null): number | Date | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}
