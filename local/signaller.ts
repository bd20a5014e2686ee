import type { Api } from "../lambdas/api/index.ts";
import { runInScope } from "../sdk/client/scope.ts";
import type { Sender } from "../sdk/client/sender.ts";
import type { AnyEvents, OutgoingSignal, SendSignalResult } from "../sdk/index.ts";
import type { Client } from "./app.ts";
import { offTheBill } from "./meter.ts";

interface SignallerDeps {
  readonly client: Client<AnyEvents>;
  readonly sender: Sender;
  readonly api: Api;
  readonly env: string;
  /** Resolves when the router has handled every message with this text. */
  readonly routed: (text: string) => Promise<void>;
}

/** Sends signals, and tells which run each has gone to. */
export const createSignaller =
  ({ client, sender, api, env, routed }: SignallerDeps) =>
  async (signal: OutgoingSignal): Promise<SendSignalResult & { runId: string | undefined }> => {
    const { id } = await runInScope({ sender, hops: 0 }, () => client.sendSignal(signal));
    await routed(id);
    const of = { env, app: signal.appId ?? client.id, signal: signal.signal };
    return { id, runId: await offTheBill(() => api.signalled(of, id)) };
  };
