import type { Ledger, LogSink, OpRequest, RunInput } from "../../sdk/execution/index.ts";
import type { StoredEvent } from "../../sdk/protocol/index.ts";

/** A ledger that records what it is asked, and answers from `results` by id, else with null. */
export function fakeLedger(results: Readonly<Record<string, unknown>> = {}) {
  const asked: OpRequest[] = [];
  const ledger: Ledger = {
    ask: async (request) => {
      asked.push(request);
      return results[request.id] ?? null;
    },
  };
  return { ledger, asked };
}

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object | undefined;
}

export function fakeSink() {
  const lines: Line[] = [];
  const at = (level: string) => (message: string, fields?: object) => {
    lines.push({ level, message, fields });
  };
  const sink: LogSink = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { sink, lines };
}

export const storedEvent = (fields: Partial<StoredEvent> = {}): StoredEvent => ({
  v: 1,
  env: "main",
  id: "e1",
  name: "shop/order.placed",
  ts: 1_000,
  at: 1_500,
  data: { json: "{}" },
  hops: 0,
  ...fields,
});

export const runInput = (fields: Partial<RunInput> = {}): RunInput => ({
  events: [storedEvent()],
  data: [{ orderId: "o1" }],
  runId: "r1",
  attempt: 0,
  maxAttempts: 5,
  signal: new AbortController().signal,
  isReplaying: () => false,
  log: fakeSink().sink,
  sender: { send: async () => {} },
  hops: 0,
  ...fields,
});
