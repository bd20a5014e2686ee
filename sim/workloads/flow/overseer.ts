import { currentInvocation, type Invocation } from "../../../local/invocation.ts";
import type { Witness } from "../../contract.ts";
import { type Arrival, isOff, keyOf, type Limit, type Rules } from "./rules.ts";

/** A run as its handler saw it. */
export interface Sighting {
  readonly functionId: string;
  /** Ids of its events. */
  readonly events: readonly string[];
  readonly by: string;
  /** Executions of the handler, and bodies begun. */
  entered: number;
  begun: number;
  /** When bodies were begun, and when they were executed, by somebody who lived to their end. */
  readonly begins: number[];
  readonly bodies: (readonly [number, number])[];
}

interface Executing {
  readonly invocation: Invocation | undefined;
  readonly gates: readonly Gate[];
}

interface Gate {
  readonly name: string;
  readonly limit: number;
}

/** Stands beside the functions and their witness: who executes at this moment, and whether that is too many. */
export class Overseer {
  readonly problems: string[] = [];
  readonly runs = new Map<string, Sighting>();
  readonly #holders = new Map<string, Invocation | undefined>();
  readonly #executing = new Map<string, Executing>();

  /** A handler begins, perhaps again. What an older process still does for this run does not count any more: it is a zombie. */
  enter(runId: string, functionId: string, events: readonly string[], by: string): Sighting {
    const invocation = currentInvocation();
    if (this.#holders.get(runId) !== invocation) this.#executing.delete(runId);
    this.#holders.set(runId, invocation);
    const known = this.runs.get(runId);
    const sighting = known ?? { functionId, events, by, entered: 0, begun: 0, begins: [], bodies: [] };
    sighting.entered++;
    this.runs.set(runId, sighting);
    if (known !== undefined && known.events.join() !== events.join())
      this.problems.push(`${runId} got the events ${events}, and before that ${known.events}`);
    return sighting;
  }

  /** Counts a run as executing while a body of it lasts. */
  async during(runId: string, sighting: Sighting, gates: readonly Gate[], body: () => Promise<void>): Promise<void> {
    const invocation = currentInvocation();
    const isLive = () => invocation?.dead !== true && this.#holders.get(runId) === invocation;
    const began = Date.now();
    sighting.begun++;
    if (isLive()) {
      this.#begin(runId, { invocation, gates });
      sighting.begins.push(began);
    }
    try {
      await body();
    } finally {
      if (isLive()) this.#executing.delete(runId);
    }
    if (isLive()) sighting.bodies.push([began, Date.now()]);
  }

  #begin(runId: string, executing: Executing): void {
    this.#executing.set(runId, executing);
    for (const { name, limit } of executing.gates) {
      const inside = [...this.#executing].filter(
        ([, other]) => other.invocation?.dead !== true && other.gates.some((gate) => gate.name === name),
      );
      if (inside.length > limit)
        this.problems.push(
          `${inside.length} runs execute in ${name}, whose limit is ${limit}: ${inside.map(([id]) => id)}`,
        );
    }
  }
}

const overseers = new WeakMap<Witness, Overseer>();

/** Who stands beside the witness of a play. */
export function overseerOf(witness: Witness): Overseer {
  const overseer = overseers.get(witness) ?? new Overseer();
  overseers.set(witness, overseer);
  return overseer;
}

/** The limits that hold for a run, by what they count together. */
export const gatesOf = (functionId: string, rules: Rules, by: Pick<Arrival, "data">): readonly Gate[] =>
  (rules.concurrency ?? []).flatMap((one: Limit) => {
    const value = keyOf(one.key, by);
    if (isOff(value)) return [];
    const whose = one.scope === "env" ? "env" : `${functionId} ${one.key ?? ""}`;
    return [{ name: `${whose} ${JSON.stringify(value)}`, limit: one.limit }];
  });
