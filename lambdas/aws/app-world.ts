import { type Clock, RETENTION_DAYS_DEFAULT, type RunAddress, type StepMemo } from "../../sdk/protocol/index.ts";
import type { EngineBinding } from "../contract.ts";
import { createArrivalStore } from "./arrival-store.ts";
import { createBus } from "./bus.ts";
import type { Clients } from "./clients.ts";
import { createDeadLetterStore } from "./dead-letter-store.ts";
import { createEventStore } from "./event-store.ts";
import { createGateStore } from "./gate-store.ts";
import { createJoinStore } from "./join-store.ts";
import { deadlineName, listenersOf, type RunKey, waitName } from "./keys.ts";
import { createLineStore } from "./line-store.ts";
import { createListenerStore } from "./listener-store.ts";
import { createLockStore } from "./lock-store.ts";
import { createPayloadStore } from "./payload-store.ts";
import { createPlaceStore } from "./place-store.ts";
import { createQueue } from "./queue.ts";
import { createRunEventStore } from "./run-event-store.ts";
import { RunStore } from "./run-store.ts";
import { createSignalStore } from "./signal-store.ts";
import { createStepLeases } from "./step-leases.ts";
import { createStepStore } from "./step-store.ts";
import { Table } from "./table.ts";
import { createTimer, timerTargetOf } from "./timer.ts";
import { createWaits } from "./waits.ts";

const DAY_MS = 86_400_000;

/** Everything that an app's runner does in AWS, for one engine. The engine's own doors do more (`createWorld`). */
export function createAppWorld(clients: Clients, binding: EngineBinding, clock: Clock) {
  const retentionMs = (binding.retentionDays ?? RETENTION_DAYS_DEFAULT) * DAY_MS;
  const table = new Table(() => clients.dynamodb, binding.tableName);
  const queue = createQueue(() => clients.sqs, binding.ingestQueueUrl);
  const payloads = createPayloadStore(() => clients.s3, binding.bucketName);
  const listeners = createListenerStore(table);
  const signals = createSignalStore(table);
  const timer = createTimer(() => clients.scheduler, queue, timerTargetOf(binding));
  return {
    table,
    retentionMs,
    runs: new RunStore(table, retentionMs),
    steps: createStepStore(table, retentionMs),
    stepLeases: createStepLeases(table, retentionMs),
    joins: createJoinStore(table, retentionMs, () => clock.now()),
    events: createEventStore(table),
    gates: createGateStore(table),
    lines: createLineStore(table),
    runEvents: createRunEventStore(table, retentionMs),
    listeners,
    signals,
    arrivals: createArrivalStore(table),
    locks: createLockStore(table),
    places: createPlaceStore(table),
    deadLetters: createDeadLetterStore(table),
    payloads,
    queue,
    bus: createBus(() => clients.eventBridge, payloads, binding.busName),
    waits: createWaits(() => clients.stepFunctions, binding.waitMachineArn),
    timer,

    /** Takes back what was set up for a step that has its outcome: listeners, a signal's name, and a timer that is a schedule. */
    async takeBack(run: RunKey, step: StepMemo): Promise<void> {
      await Promise.all(listenersOf(run.runId, step).map((key) => listeners.delete(key)));
      const signal = step.wait?.signal;
      if (signal !== undefined) await signals.free({ ...run, signal }, { runId: run.runId, stepKey: step.key });
      const isTimer = step.until !== undefined && step.wait?.via !== "stepFunctions";
      if (isTimer) await timer.disarm(waitName(run.runId, step), step.until, step.startedAt);
    },

    /**
     * Wakes a run at a deadline of its function's (`timeouts`), wherever it stands then; whoever holds it decides by its own clock. To be
     * called when a run is put into a queue (`start`), and before it rests (`finish`). Repeating it is harmless.
     */
    async armDeadline(run: RunAddress, deadline: Deadline, at: number, now: number, queueUrl: string): Promise<void> {
      const { env, app, functionId, runId } = run;
      const about = { v: 1, id: `timeout:${deadline}`, env, app, functionId, runId } as const;
      const wake = { kind: "wake", cancel: true, timer: { stepKey: deadline, at } } as const;
      await timer.arm(deadlineName(runId, deadline, at), at, now, queueUrl, { ...about, ...wake });
    },

    /** Takes it back at the end of the run. `since`: when it was armed, or earlier. */
    async disarmDeadline({ runId }: RunKey, deadline: Deadline, at: number, since: number): Promise<void> {
      await timer.disarm(deadlineName(runId, deadline, at), at, since);
    },
  };
}

type Deadline = Parameters<typeof deadlineName>[1];

export type AppWorld = ReturnType<typeof createAppWorld>;
