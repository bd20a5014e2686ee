import type { Finding } from "../audit/contract.ts";
import { currentInvocation, type Invocation } from "../local/invocation.ts";
import type { StepRunner, Witness } from "./contract.ts";

/** What a witness has to ask the stage. */
export interface Scene {
  /** Whose lease on a run was granted last. */
  holderOf(runId: string): Invocation | undefined;
  /** A body begins: its process may die or stand still in it. */
  body(runId: string, id: string): Promise<void>;
}

/** Notes in memory. One that is dead, or whose run has gone to another process, does not write. */
export function createWitness(scene: () => Scene): Witness {
  const bodies = new Map<string, Record<string, number>>();
  const handed = new Map<string, Record<string, string[]>>();
  const inside = new Map<string, Set<Invocation | undefined>>();
  const overlaps: { runId: string; id: string }[] = [];
  const problems: Finding[] = [];
  const isLive = (runId: string) => {
    const invocation = currentInvocation();
    return invocation?.dead !== true && scene().holderOf(runId) === invocation;
  };

  const note: Witness["note"] = (runId, id) => {
    const counts = of(bodies, runId);
    if (isLive(runId)) counts[id] = (counts[id] ?? 0) + 1;
    return counts[id] ?? 0;
  };

  const hand: Witness["hand"] = (runId, id, value) => {
    if (!isLive(runId)) return;
    const all = of(handed, runId);
    const seen = all[id] ?? [];
    all[id] = seen;
    const json = JSON.stringify(value ?? null);
    if (seen.includes(json)) return;
    seen.push(json);
    if (seen.length < 2) return;
    const text = `the code of run ${runId} got different results of "${id}": ${seen.join(" and ")}`;
    problems.push({ law: "L1", text, runId });
  };

  /** Counts the process as being in a body, until the function that it returns is called. */
  const enter = (runId: string, id: string) => {
    const body = `${runId} ${id}`;
    const invocation = currentInvocation();
    const all = inside.get(body) ?? new Set();
    inside.set(body, all);
    if ([...all].some((other) => other !== invocation && other?.dead !== true)) overlaps.push({ runId, id });
    all.add(invocation);
    return () => void all.delete(invocation);
  };

  const step = async (tools: StepRunner, runId: string, id: string, body: (tries: number) => unknown = () => null) => {
    const value = await tools.run(id, async () => {
      const tries = note(runId, id);
      const leave = enter(runId, id);
      try {
        await scene().body(runId, id);
        return { tries, value: await body(tries) };
      } finally {
        leave();
      }
    });
    hand(runId, id, value);
    return (value as { readonly value: unknown }).value;
  };

  return { step, note, hand, bodies, handed, overlaps, problems };
}

function of<T extends object>(all: Map<string, T>, runId: string): T {
  const known = all.get(runId) ?? ({} as T);
  all.set(runId, known);
  return known;
}
