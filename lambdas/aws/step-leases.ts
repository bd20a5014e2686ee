import type { RunMessage, StepMemo } from "../../sdk/protocol/index.ts";
import { stepExpiry } from "../engine/retention.ts";
import type { StepLease } from "../engine/step-lease.ts";
import { type RunKey, stepKey } from "./keys.ts";
import { toStored } from "./step-item.ts";
import { type Item, type Table, toTtl } from "./table.ts";

/** The lease that an invocation asks for. Times are milliseconds. */
export interface StepLeaseRequest {
  readonly owner: string;
  readonly now: number;
  readonly until: number;
}

const OPEN = "attribute_not_exists(#outcome) AND attribute_not_exists(#inline)";

/** Leases of steps that run in invocations of their own: each method is one conditional write on the step (L4). */
export const createStepLeases = (table: Table, retentionMs: number) => ({
  /** Takes a step that nobody has, and writes it down if it is new. Undefined: refused, look at it. */
  async take(message: RunMessage & { kind: "step" }, request: StepLeaseRequest): Promise<StepMemo | undefined> {
    const { owner, now, until } = request;
    const born = newStep(message, now);
    const values: Item = { ...born, ttl: toTtl(stepExpiry(born, retentionMs)) };
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const sets = given.map(([name]) => `#${name} = if_not_exists(#${name}, :${name})`);
    const written = await table.update(stepKey(message, message.stepKey), {
      update: `SET ${["#owner = :owner, #leaseUntil = :leaseUntil", ...sets].join(", ")}`,
      when: `${OPEN} AND attribute_not_exists(#owner) AND (attribute_not_exists(#until) OR #until <= :now)`,
      values: { ...values, owner, leaseUntil: until, now },
      returns: "ALL_NEW",
    });
    return written.applied ? toStored(written.item).memo : undefined;
  },

  /** Takes a step over from an invocation that has died, and counts that as a failed try. Undefined: another one was faster. */
  async takeOver(run: RunKey, key: string, dead: StepLease, request: StepLeaseRequest): Promise<StepMemo | undefined> {
    const written = await table.update(stepKey(run, key), {
      update: "SET #owner = :owner, #leaseUntil = :leaseUntil, #attempts = #attempts + :one",
      when: `${OPEN} AND #owner = :dead AND #leaseUntil = :ended`,
      values: { owner: request.owner, leaseUntil: request.until, one: 1, dead: dead.owner, ended: dead.until },
      returns: "ALL_NEW",
    });
    return written.applied ? toStored(written.item).memo : undefined;
  },

  /** The step as it is, and who has it. */
  async look(run: RunKey, key: string): Promise<{ memo: StepMemo; lease?: StepLease } | undefined> {
    const item = await table.get(stepKey(run, key));
    if (item === undefined) return undefined;
    const { owner, leaseUntil } = item;
    const lease = owner === undefined ? undefined : { owner: owner as string, until: leaseUntil as number };
    return { memo: toStored(item).memo, ...(lease && { lease }) };
  },

  /** The heartbeat. False: the step is another's, or has its outcome. */
  async renew(run: RunKey, key: string, owner: string, until: number): Promise<boolean> {
    const update = "SET #leaseUntil = :until";
    const when = "#owner = :owner AND attribute_not_exists(#outcome)";
    return (await table.update(stepKey(run, key), { update, when, values: { owner, until } })).applied;
  },

  /** Gives a step back that has not been run; `inline`: for the run's own invocation to run it. False: it is another's by now. */
  async giveBack(run: RunKey, key: string, owner: string, to?: "inline"): Promise<boolean> {
    const values = { owner, inline: to && true };
    const update = `${to === undefined ? "" : "SET #inline = :inline "}REMOVE #owner, #leaseUntil`;
    return (await table.update(stepKey(run, key), { update, when: "#owner = :owner", values })).applied;
  },
});

function newStep({ stepKey: key, step }: RunMessage & { kind: "step" }, now: number): StepMemo {
  const { id, name, kind, place, fence } = step;
  return {
    ...{ v: 1, key, id, kind, fence },
    ...(name !== undefined && { name }),
    ...(place !== undefined && { place }),
    attempts: 0,
    startedAt: now,
  };
}
