import type { Snapshot } from "../audit/index.ts";
import { readSnapshot } from "../audit/snapshot.ts";
import { createClients } from "../lambdas/aws/clients.ts";
import { engineNames } from "../lambdas/contract.ts";
import { queuesOf } from "./mail.ts";
import type { Stage } from "./stage.ts";

/** Everything that there is on a stage, messages too. */
export function snapshotOf(
  { aws, provisioned: { binding } }: Pick<Stage, "aws" | "provisioned">,
  app = "sim",
): Promise<Snapshot> {
  const names = engineNames(binding.engine);
  const queues = [...queuesOf(app), names.ingestDeadLetters, names.runDeadLetters("main", app)];
  const messages = () =>
    queues.flatMap((queue) => aws.sqs.messages(queue).map(({ body, state }) => ({ queue, body, state })));
  const clients = createClients(aws.clientConfig());
  return readSnapshot({ clients, binding, now: () => aws.clock.now(), messages, withValues: true });
}
