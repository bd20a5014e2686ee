import type { DeadLetterPage, Redriven } from "../lambdas/api/dead-letters.ts";
import type { DeadLetter } from "../lambdas/aws/dead-letter-store.ts";
import type { About, QueuesNow } from "../local/http-api.ts";
import type { Code, RunPage, RunView, SkipCounts } from "../sdk/protocol/index.ts";
import type { Cloud, ListQuery } from "./cloud.ts";
import { Failure, UsageFailure } from "./failure.ts";

/** A local cloud by its HTTP API. */
export function openLocal(url: string): Cloud {
  const base = baseOf(url);
  const events = (id: string) => `/api/events/${encodeURIComponent(id)}/runs`;
  return {
    name: `the local cloud at ${base}`,
    send: async (event) => {
      const { ids } = (await call(base, "/api/events", {
        method: "POST",
        body: JSON.stringify([event]),
      })) as SendAnswer;
      return ids[0] ?? "";
    },
    runsOf: async (eventId) => {
      const signal = AbortSignal.timeout(ROUTED_MS_MAX);
      try {
        return (await call(base, events(eventId), { signal })) as readonly RunView[];
      } catch (error) {
        // It answers once the event has been routed.
        if (signal.aborted) return undefined;
        throw error;
      }
    },
    run: async (runId) => (await callIfThere(base, `/api/runs/${encodeURIComponent(runId)}`)) as RunView | undefined,
    cancel: async (runId, { reason }) =>
      (await callIfFound(base, `/api/runs/${encodeURIComponent(runId)}/cancel`, {
        method: "POST",
        body: JSON.stringify({ reason }),
      })) as RunView | undefined,
    list: async (query) => (await call(base, `/api/runs?${paramsOf(query)}`)) as RunPage,
    skips: async (query) => (await call(base, `/api/skips?${paramsOf(query)}`)) as SkipCounts,
    deadLetters: async (after) =>
      (await call(
        base,
        `/api/dead${after === undefined ? "" : `?${new URLSearchParams({ after })}`}`,
      )) as DeadLetterPage,
    deadLetter: async (id) =>
      (await callIfThere(base, `/api/dead/${encodeURIComponent(id)}`)) as DeadLetter | undefined,
    redrive: async (ids, dryRun) =>
      (await call(base, "/api/dead/redrive", {
        method: "POST",
        body: JSON.stringify({ ids, dryRun }),
      })) as readonly Redriven[],
  };
}

/** What answers there, if it is a stepwell. */
export async function aboutLocal(url: string): Promise<About | undefined> {
  try {
    const response = await fetch(new URL("/api", url), { signal: AbortSignal.timeout(ABOUT_MS_MAX) });
    const about = (await response.json()) as Partial<About> | null;
    return about?.name === "stepwell" ? (about as About) : undefined;
  } catch {
    return undefined;
  }
}

/** What lies in a local cloud's queues. */
export const queuesOfLocal = async (base: string): Promise<QueuesNow> =>
  (await call(base, "/api/messages")) as QueuesNow;

const ABOUT_MS_MAX = 2_000;
/** How long a router may take, in ms. */
const ROUTED_MS_MAX = 15_000;

interface SendAnswer {
  readonly ids: readonly string[];
}

/** @throws UsageFailure when it is no URL */
export function baseOf(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url.replace(/\/+$/, "");
  throw new UsageFailure(`${JSON.stringify(url)} is not a URL.`, {
    advice: "--url and STEPWELL_URL look like http://127.0.0.1:8288",
  });
}

function paramsOf({ functionId, ...others }: ListQuery): string {
  const given = Object.entries({ function: functionId, ...others });
  const params = given.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return new URLSearchParams(params).toString();
}

async function call(base: string, path: string, init?: RequestInit): Promise<unknown> {
  const found = await callIfThere(base, path, init);
  if (found === undefined) throw noStepwell(base);
  return found;
}

/** Undefined: there is no such run. */
async function callIfFound(base: string, path: string, init: RequestInit): Promise<unknown> {
  try {
    return await callIfThere(base, path, init);
  } catch (error) {
    if (error instanceof Failure && error.code === "STEPWELL_RUN_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Undefined: the cloud has nothing there. */
async function callIfThere(base: string, path: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(base + path, init).catch((cause: unknown) => {
    throw new Failure(`There is no local cloud at ${base}.`, {
      code: "STEPWELL_NO_ENGINE",
      advice:
        "Start one with `stepwell dev <entry>`, name another one with --url or STEPWELL_URL,\nor a deployed engine with --engine.",
      cause,
    });
  });
  const text = await response.text();
  const body = jsonOr(text);
  if (response.ok && body !== undefined) return body;
  const { error, code } = (body ?? {}) as { readonly error?: unknown; readonly code?: Code };
  if (response.status === 403) throw new Failure(`The local cloud at ${base} refused: ${text.trim()}`);
  if (typeof error !== "string") throw noStepwell(base);
  if (response.status === 404) return undefined;
  throw new Failure(error, { code });
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const noStepwell = (base: string) =>
  new Failure(`What answers at ${base} is no stepwell.`, {
    code: "STEPWELL_NO_ENGINE",
    advice: "Name the local cloud with --url or STEPWELL_URL: `stepwell dev` prints its address.",
  });
