import type { Served } from "../../../lambdas/runner/functions.ts";
import type { App } from "../../contract.ts";
import { compile, errorText } from "./compile.ts";
import { GO, type Program, programText, TOLD, TOLD_EVENT } from "./grammar.ts";

/** The functions of a story. */
export interface Cast {
  /** By what they invoke: a function invokes only those before it. The last ones are started by events. */
  readonly programs: readonly Program[];
  /** How many of the last ones are started by events. */
  readonly mains: number;
  /** Those that are started by events have an `onFailure` and an `onCancel`. */
  readonly followed: boolean;
  /** Lifecycle events that a function listens to. */
  readonly heard: readonly Lifecycle[];
}

export const LIFECYCLES = ["finished", "failed", "cancelled", "invoked"] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

export const mainsOf = ({ programs, mains }: Cast): readonly Program[] => programs.slice(programs.length - mains);

export const castText = ({ programs }: Cast): string => programs.map(programText).join("\n");

/** A function for each program, for sent events, and for what follows. */
export function functionsOf(cast: Cast, app: App, version = 0): readonly Served[] {
  const functions = new Map<string, ReturnType<typeof app.client.createFunction>>();
  const mains = mainsOf(cast);
  for (const program of cast.programs) {
    const { id, attempts } = program;
    const isMain = mains.includes(program);
    const options = { id, retries: { attempts }, ...(isMain && cast.followed && followUps(app)) };
    const trigger = { event: isMain ? GO : `program/never-${id}` };
    const handler = compile({ app, program, version, functions });
    functions.set(id, app.client.createFunction(options, trigger, handler as never) as never);
  }
  return [...functions.values(), told(app), ...cast.heard.map((name) => listener(app, name))];
}

/** What a run of `told` says of the event that started it. */
const told = ({ client, witness }: App): Served =>
  client.createFunction({ id: TOLD }, { event: TOLD_EVENT }, async ({ event, runId, step }) =>
    witness.step(step, runId, "tell", () => `${event.data.n} ${event.data.from}`),
  );

interface Ended {
  readonly event: { readonly data: { readonly run_id: string } };
  readonly error?: Error;
  readonly runId: string;
  readonly step: { run(id: string, body: () => unknown): Promise<unknown> };
}

const followUps = ({ witness }: App) => {
  const follow = ({ event, error, runId, step }: Ended) =>
    witness.step(step, runId, "follow", () => `${event.data.run_id} ${error === undefined ? "" : errorText(error)}`);
  return { onFailure: follow, onCancel: follow } as object;
};

export const listenerOf = (name: Lifecycle): string => `heard-${name}`;

const listener = ({ client, witness }: App, name: Lifecycle): Served =>
  client.createFunction(
    { id: listenerOf(name) },
    { event: `stepwell/function.${name}` },
    async ({ event, runId, step }) =>
      witness.step(step, runId, "hear", () => (event.data as { run_id: string }).run_id),
  );
