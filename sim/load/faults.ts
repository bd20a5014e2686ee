import { engineNames } from "../../lambdas/contract.ts";
import { arnOf } from "../../local/arn.ts";
import type { LocalAws } from "../../local/aws.ts";
import { currentInvocation } from "../../local/invocation.ts";
import { type Random, seededRandom } from "../../local/random.ts";
import type { InProcessHandler } from "../../local/transport.ts";
import { disturb } from "../mail.ts";

/** As in `sim/faults.ts`, which remembers each call and each fault: here they are only counted, so that a long run does not grow by them. */
const KINDS = ["failBefore", "throttle", "failAfter", "repeat", "crashBefore", "crashAfter"] as const;
type Kind = (typeof KINDS)[number];

/** When the second copy of a message comes, at most, in milliseconds. */
const AGAIN_MS_MAX = 60_000;

const awsError = (name: string) => Object.assign(new Error(`injected: ${name}`), { name });

/** Faults at a share of the doors' AWS calls, and messages that come twice. */
export class LoadFaults {
  /** How often each has struck. */
  readonly struck: Record<Kind | "duplicate", number> = {
    ...{ failBefore: 0, throttle: 0, failAfter: 0, repeat: 0, crashBefore: 0, crashAfter: 0 },
    duplicate: 0,
  };
  calls = 0;
  readonly #random: Random;
  readonly #rate: number;
  #armed = false;

  /** @param rate the share of calls that is hit, and of messages */
  constructor(seed: number, rate: number) {
    this.#random = seededRandom(seed);
    this.#rate = rate;
  }

  /** From here on they strike. */
  arm(aws: LocalAws, app: string): void {
    this.#armed = true;
    const copies = (): readonly number[] => {
      if (!this.#hits()) return [0];
      this.struck.duplicate++;
      return [0, Math.floor(this.#random.fraction() * AGAIN_MS_MAX)];
    };
    disturb(aws, copies, app);
  }

  wrap(inner: InProcessHandler): InProcessHandler {
    return { ...inner, handle: (request, options) => this.#handle(() => inner.handle(request, options)) };
  }

  #hits(): boolean {
    return this.#random.fraction() < this.#rate;
  }

  async #handle(make: () => ReturnType<InProcessHandler["handle"]>): ReturnType<InProcessHandler["handle"]> {
    const invocation = currentInvocation();
    if (invocation === undefined || !this.#armed || invocation.functionName === SWEEPER) return make();
    if (invocation.dead) throw awsError("Killed");
    this.calls++;
    if (!this.#hits()) return make();
    const kind = KINDS[Math.floor(this.#random.fraction() * KINDS.length)] as Kind;
    this.struck[kind]++;
    if (kind === "failBefore") throw awsError("InternalServerError");
    if (kind === "throttle") throw awsError("ThrottlingException");
    if (kind !== "crashBefore") await make();
    // Killed meanwhile, by another call of its own: nobody answers the dead, and what processes share here must not wait for them.
    if (invocation.dead) throw awsError("Killed");
    if (kind === "repeat") return make();
    if (kind === "failAfter") throw awsError("TimeoutError");
    invocation.kill();
    throw awsError("Killed");
  }
}

const NAMES = engineNames("stepwell");
const SWEEPER = NAMES.door("sweeper");

/** Messages that are left in the queues of the engine and of an app, those of dead letters too. */
export const messagesLeft = (aws: LocalAws, app: string): number =>
  [NAMES.ingestQueue, NAMES.ingestDeadLetters, NAMES.runQueue("main", app), NAMES.runDeadLetters("main", app)]
    .filter((name) => aws.sqs.queue(arnOf("sqs", name)) !== undefined)
    .reduce((sum, name) => sum + aws.sqs.messages(name).length, 0);
