import type { Finding } from "../../audit/contract.ts";
import type { Act, App, Played, Story, Workload } from "../contract.ts";
import type { Draw } from "../draw.ts";

/** What a run does, one after the other. */
type Part =
  | { readonly kind: "step"; readonly takes: number }
  | { readonly kind: "flaky"; readonly fails: number }
  | { readonly kind: "sleep"; readonly ms: number };

const GO = "sequences/go";
const SECOND = 1_000;

/** Runs whose steps come one after the other, with sleeps between them, and steps that fail at first. */
export const sequences: Workload = {
  name: "sequences",
  draw: (draw) => {
    const parts = Array.from({ length: draw.number(2, 6) }, () => partOf(draw));
    const acts: Act[] = Array.from({ length: draw.number(1, 4) }, (_, i) => ({
      at: draw.number(0, 20) * SECOND,
      kind: "send" as const,
      event: { id: `e${i}`, name: GO },
    })).sort((a, b) => a.at - b.at);
    return storyOf(parts, acts);
  },
};

function partOf(draw: Draw): Part {
  const kind = draw.oneOf(["step", "step", "flaky", "sleep"] as const);
  if (kind === "step") return { kind, takes: draw.oneOf([0, 0, 1, 7, 30]) * SECOND };
  if (kind === "flaky") return { kind, fails: draw.number(1, 2) };
  return { kind, ms: draw.oneOf([0.4, 2, 45, 3_600]) * SECOND };
}

const idOf = (part: Part, i: number) => `${part.kind}-${i}`;

const storyOf = (parts: readonly Part[], acts: readonly Act[]): Story => ({
  about: `one function that does ${parts.map(idOf).join(", ")}`,
  functions: (app) => [functionOf(app, parts)],
  acts,
  judge: (played) => acts.flatMap((act) => (act.kind === "send" ? problemsOf(played, act.event.id, parts) : [])),
});

const functionOf = ({ client, witness, slow }: App, parts: readonly Part[]) =>
  client.createFunction({ id: "row", retries: 5 }, { event: GO }, async ({ step, runId }) => {
    const done: unknown[] = [];
    for (const [i, part] of parts.entries()) {
      const id = idOf(part, i);
      if (part.kind === "sleep") await step.sleep(id, part.ms);
      else
        done.push(
          await witness.step(step, runId, id, async (tries) => {
            if (part.kind === "flaky" && tries <= part.fails) throw new Error(`try ${tries}`);
            if (part.kind === "step") await slow(part.takes);
            return id;
          }),
        );
    }
    return done;
  });

/** Each event that was sent has one run, which has completed with what its steps have returned. */
function problemsOf({ acts, runsOf }: Played, eventId: string, parts: readonly Part[]): readonly Finding[] {
  if (!acts.some((act) => act.kind === "send" && act.event.id === eventId)) return [];
  const runs = runsOf.get(eventId) ?? [];
  if (runs.length !== 1) return [{ law: "L1", text: `the event ${eventId} has ${runs.length} runs` }];
  const expected = JSON.stringify(parts.map(idOf).filter((_, i) => parts[i]?.kind !== "sleep"));
  return runs.flatMap(({ id, status, output, error }) =>
    status === "completed" && JSON.stringify(output) === expected
      ? []
      : [{ law: "L1", text: `run ${id} is ${status} with ${JSON.stringify(error ?? output)}`, runId: id } as const],
  );
}
