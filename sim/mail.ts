import { engineNames } from "../lambdas/contract.ts";
import { arnOf } from "../local/arn.ts";
import type { LocalAws } from "../local/aws.ts";
import { seededRandom } from "../local/random.ts";

/** When the copies of a message arrive, in milliseconds after its time: one copy each. `body` is JSON. */
export type Mail = (message: number, body: string) => readonly number[];

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

/** The queues of an engine with one app, without those of dead letters. */
export const queuesOf = (app: string): readonly string[] => [QUEUES.ingestQueue, QUEUES.runQueue("main", app)];

/** Delivers what is sent to the engine's queues by `mail`. */
export function disturb(aws: LocalAws, mail: Mail, app: string): void {
  let sent = 0;
  for (const name of queuesOf(app)) {
    const queue = aws.sqs.queue(arnOf("sqs", name));
    if (queue === undefined) throw new Error(`There is no queue ${name}.`);
    const send = queue.send.bind(queue);
    queue.send = (body, options = {}) => {
      const [first, ...copies] = mail(sent++, body).map(
        (ms) => () => send(body, { ...options, delayMs: (options.delayMs ?? 0) + ms }),
      );
      if (first === undefined) throw new Error("A queue loses nothing.");
      const message = first();
      for (const copy of copies) copy();
      return message;
    };
  }
}

/** A message, readable: its kind, and the event or run that it is about. `message wake run#…` */
export function messageName(body: string): string {
  const message = JSON.parse(body) as Body;
  const { detail, kind, runId } = message;
  if (detail !== undefined) return `message event ${detail.id ?? message["detail-type"]}`;
  const about = runId ?? message.parent?.runId ?? message.message?.runId;
  return about === undefined ? `message ${kind}` : `message ${kind} run#${about}`;
}

interface Body {
  readonly detail?: { readonly id?: string };
  readonly "detail-type"?: string;
  readonly kind?: string;
  readonly runId?: string;
  readonly parent?: { readonly runId: string };
  readonly message?: { readonly runId: string };
}
