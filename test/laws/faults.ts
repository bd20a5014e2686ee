import { currentInvocation, type Invocation } from "../../local/invocation.ts";
import type { InProcessHandler } from "../../local/transport.ts";
import type { Clock } from "../../sdk/protocol/index.ts";

/**
 * What can go wrong at one AWS call of a door:
 * - `failBefore`, `throttle`: it is refused, nothing is applied; the SDK gives up, so that our own repeats show.
 * - `failAfter`: it is applied, and the caller gets an error.
 * - `repeat`: it is applied, the reply is lost, and the SDK makes it again (an ambiguous commit).
 * - `crashBefore`, `crashAfter`: the process is killed instead of making it, or instead of reading its reply.
 * - `freeze`: the process stands still before it for longer than its lease, and goes on as a zombie.
 */
export type FaultKind = "failBefore" | "throttle" | "failAfter" | "repeat" | "crashBefore" | "crashAfter" | "freeze";

export const FAULT_KINDS: readonly FaultKind[] = [
  "failBefore",
  "throttle",
  "failAfter",
  "repeat",
  "crashBefore",
  "crashAfter",
  "freeze",
];

export interface Fault {
  readonly kind: FaultKind;
  /** The call that it hits: its number, from 1, or the first one whose name has this text. */
  readonly at: number | string;
}

/** Longer than a lease and its message's visibility; shorter than the Lambda's timeout. In milliseconds. */
export const FREEZE_MS = 60_000;

type Request = Parameters<InProcessHandler["handle"]>[0];
type Answer = ReturnType<InProcessHandler["handle"]>;

/** Stands between the doors' SDK clients and the services. Calls that no door makes (the test's own) pass through unseen. */
export class FaultLayer {
  /** The doors' calls so far, readable: `dynamodb.UpdateItem run#…/header`. */
  readonly calls: string[] = [];
  /** Called before each call is made; may do what the world does at this very moment. */
  before: ((call: string, at: number) => Promise<void> | void) | undefined;
  #faults: Fault[] = [];
  #counting = false;
  readonly #clock: Clock;
  readonly #frozen = new Map<Invocation, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From here on calls are counted, and these faults strike. */
  arm(faults: readonly Fault[]): void {
    this.#faults = [...faults];
    this.#counting = true;
  }

  wrap(inner: InProcessHandler): InProcessHandler {
    return { ...inner, handle: (request, options) => this.#handle(request, () => inner.handle(request, options)) };
  }

  async #handle(request: Request, make: () => Answer): Answer {
    const invocation = currentInvocation();
    if (invocation === undefined || !this.#counting || invocation.functionName.endsWith("-sweeper")) return make();
    await this.#frozen.get(invocation);
    if (invocation.dead) throw awsError("Killed");
    const call = nameOf(request);
    const at = this.calls.push(call);
    await this.before?.(call, at);
    // Killed meanwhile, by another call of its own.
    if (invocation.dead) throw awsError("Killed");
    const index = this.#faults.findIndex(
      (fault) => fault.at === at || (typeof fault.at === "string" && call.includes(fault.at)),
    );
    const [fault] = index === -1 ? [] : this.#faults.splice(index, 1);
    // The processes here share one read of the registry, as those of an account do not: none may stand still in it.
    if (fault === undefined || (fault.kind === "freeze" && call.includes("#registry"))) return make();
    return this.#strike(fault.kind, invocation, make);
  }

  async #strike(kind: FaultKind, invocation: Invocation, make: () => Answer): Answer {
    if (kind === "failBefore") throw awsError("InternalServerError");
    if (kind === "throttle") throw awsError("ThrottlingException");
    if (kind === "freeze") {
      await this.#freeze(invocation);
      return make();
    }
    if (kind !== "crashBefore") {
      const answer = await make();
      if (kind === "repeat") return make();
      if (kind === "failAfter") throw awsError("TimeoutError", answer);
    }
    invocation.kill();
    // Nobody is there to read this; but what processes share here, and would not in AWS, must not wait for the dead.
    throw awsError("Killed");
  }

  /** Everything that the process does stands still: this call, and its heartbeat. */
  async #freeze(invocation: Invocation): Promise<void> {
    const thaw = Promise.withResolvers<void>();
    this.#frozen.set(invocation, thaw.promise);
    invocation.pause();
    this.#clock.at(this.#clock.now() + FREEZE_MS, () => {
      this.#frozen.delete(invocation);
      invocation.resume();
      thaw.resolve();
    });
    await thaw.promise;
  }
}

const awsError = (name: string, cause?: unknown) => Object.assign(new Error(`injected: ${name}`, { cause }), { name });

/** The operation, and what it is about. */
function nameOf({ headers, method, path, body }: Request): string {
  const operation = headers["x-amz-target"]?.split(".").at(-1) ?? `${method} ${path.split("?")[0]}`;
  const text = typeof body === "string" ? body : textOf(body);
  return [operation, ...aboutOf(text.startsWith("{") ? (JSON.parse(text) as Readable) : {})].join(" ");
}

/** A view, not a copy: the SDK's byte arrays complain when they are copied. */
const textOf = (body: unknown): string =>
  body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8") : "";

interface Readable {
  readonly Key?: { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };
  readonly Item?: Readable["Key"];
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
  readonly QueueUrl?: string;
  readonly MessageBody?: string;
}

function aboutOf(input: Readable): string[] {
  const key = input.Key ?? input.Item;
  if (key !== undefined) {
    const write = input.UpdateExpression?.split(/[ ,]/).slice(0, 2).join(" ");
    return [`${key.pk.S.split("#").slice(2).join("#")}/${key.sk.S}`, ...(write === undefined ? [] : [`(${write})`])];
  }
  const partition = input.ExpressionAttributeValues?.[":pk"]?.S;
  const kind = /"kind":"(\w+)"/.exec(input.MessageBody ?? "")?.[1];
  return [partition, input.QueueUrl?.split("/").at(-1), kind].filter((part) => part !== undefined);
}
