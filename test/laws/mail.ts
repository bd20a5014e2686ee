import { engineNames } from "../../lambdas/contract.ts";
import { arnOf } from "../../local/arn.ts";
import type { LocalAws } from "../../local/aws.ts";
import { seededRandom } from "../../local/random.ts";

/** When the copies of a message arrive, in milliseconds after its time: one copy each. */
export type Mail = (message: number) => readonly number[];

/** Every message a second time, so much later. */
export const twice =
  (laterMs: number): Mail =>
  () => [0, laterMs];

export const late =
  (byMs: number): Mail =>
  () => [byMs];

/** Up to half a minute late each, so that they overtake one another; some twice. */
export function shuffled(seed: number): Mail {
  const random = seededRandom(seed);
  return () => [0, ...(random.fraction() < 0.3 ? [0] : [])].map(() => Math.floor(random.fraction() * 30_000));
}

const QUEUES = engineNames("stepwell");

/** Delivers what is sent to the engine's queues by `mail`. */
export function disturb(aws: LocalAws, mail: Mail): void {
  let sent = 0;
  for (const name of [QUEUES.ingestQueue, QUEUES.runQueue("main", "laws")]) {
    const queue = aws.sqs.queue(arnOf("sqs", name));
    if (queue === undefined) throw new Error(`There is no queue ${name}.`);
    const send = queue.send.bind(queue);
    queue.send = (body, options = {}) => {
      const [first, ...copies] = mail(sent++).map(
        (ms) => () => send(body, { ...options, delayMs: (options.delayMs ?? 0) + ms }),
      );
      if (first === undefined) throw new Error("A queue loses nothing.");
      const message = first();
      for (const copy of copies) copy();
      return message;
    };
  }
}
