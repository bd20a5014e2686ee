import { currentInvocation, type Invocation } from "../local/invocation.ts";
import type { InProcessHandler } from "../local/transport.ts";
import type { Clock } from "../sdk/protocol/index.ts";
import { type Answer, bodyText, callName, type Request, runOfCall } from "./call-name.ts";
import type { Struck } from "./contract.ts";
import { broughtForward } from "./early.ts";
import type { EndTurn, Schedule } from "./schedule.ts";

/**
 * What can go wrong at one AWS call of a door:
 * - `failBefore`, `throttle`: it is refused, nothing is applied; the SDK gives up, so that our own repeats show.
 * - `failAfter`: it is applied, and the caller gets an error.
 * - `repeat`: it is applied, the reply is lost, and the SDK makes it again (an ambiguous commit).
 * - `crashBefore`, `crashAfter`: the process is killed instead of making it, or instead of reading its reply.
 * - `freeze`: the process stands still before it for longer than its lease, and goes on as a zombie.
 */
export const FAULT_KINDS = [
  "failBefore",
  "throttle",
  "failAfter",
  "repeat",
  "crashBefore",
  "crashAfter",
  "freeze",
] as const;

/**
 * What is part of every day: `delay`: the call is slow, and its process does other things meanwhile. `backOff`: it is throttled, and gets
 * through when the SDK has backed off. `early`: the timer that it asks for comes before its time.
 */
export type CallFaultKind = (typeof FAULT_KINDS)[number] | "delay" | "backOff" | "early";

/**
 * What can go wrong with a message: it is `late`, or comes again (`duplicate`); with a sweeper's look at an index: it tells of an
 * earlier time (`stale`).
 */
export type FaultKind = CallFaultKind | "late" | "duplicate" | "stale";

export interface Fault {
  readonly kind: FaultKind;
  /** What it hits: a call by its number, from 1, or the first one whose name has this text; or exactly this call or message. */
  readonly at: number | string | Spot;
  /** Of those with that text, from 1. @default 1 */
  readonly nth?: number;
  /** How long, where the kind takes time, in milliseconds. */
  readonly ms?: number;
}

/** Of the calls or messages of that name the nth, from 1. */
export interface Spot {
  readonly name: string;
  readonly nth: number;
}

/** A fault without its place. */
export type Strike = Pick<Fault, "kind" | "ms">;

/** What may strike the sweeper's calls: nobody lets time pass while a sweep is waited for. */
const AT_SWEEPER: readonly FaultKind[] = ["failBefore", "failAfter", "repeat", "crashBefore", "crashAfter"];

/** Longer than a lease and its message's visibility; shorter than the Lambda's timeout. In milliseconds. */
export const FREEZE_MS = 60_000;
const DELAY_MS = 1_000;
const EARLY_MS = 60_000;

/** A call of a door on its way. */
export interface Call {
  /** `UpdateItem run#…/header (SET #owner)`. The body of a step is one too: `body run#…/charge`. */
  readonly name: string;
  /** Which of those with this name, from 1. */
  readonly nth: number;
  readonly invocation: Invocation;
  /** What is asked of AWS; a body asks nothing. */
  readonly request?: Request;
}

/** What became of a call. */
export type Came = Answer | { readonly error: string };

/** What a stage decides, and wants to hear. */
export interface Surroundings {
  readonly clock: Clock;
  /** @default - calls are made as they come */
  readonly schedule?: Schedule | undefined;
  /** Faults that are drawn for each call, the sweeper's too. @default - none */
  readonly chance?: ((call: Call) => Strike | undefined) | undefined;
  /** How long the SDK waits before each time that it makes a throttled call again, in milliseconds. @default - it gives up at once */
  readonly backoff?: ((call: Call, kind: "throttle" | "backOff") => readonly number[]) | undefined;
  /** Hears of what strikes. */
  readonly onStrike?: ((call: Call, strike: Strike) => void) | undefined;
  /** Hears of all calls, in the order in which they were made. */
  readonly onCall?: ((call: Call, came: Came) => void) | undefined;
}

/** Makes a call, or another one in its place. */
type Make = (instead?: Request) => ReturnType<InProcessHandler["handle"]>;
type Armed = Fault & { left: number };

/** Stands between the doors' SDK clients and the services. Calls that no door makes (the test's own) pass through unseen. */
export class FaultLayer {
  /** The doors' calls so far, by name. */
  readonly calls: string[] = [];
  /** What has gone wrong on purpose so far. */
  readonly struck: Struck[] = [];
  /** Called before each call is made; may do what the world does at this very moment. */
  before: ((call: string, at: number) => Promise<void> | void) | undefined;
  #faults: Armed[] = [];
  #counting = false;
  readonly #around: Surroundings;
  readonly #arrived = new Map<string, number>();
  readonly #frozen = new Map<Invocation, Promise<void>>();
  readonly #holders = new Map<string, Invocation>();
  /** What indexes have told the sweeper last, by the name of its query. */
  readonly #looks = new Map<string, Answer>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** From here on calls are counted, and these faults strike. */
  arm(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ ...fault, left: fault.nth ?? 1 }));
    this.#counting = true;
  }

  wrap(inner: InProcessHandler): InProcessHandler {
    return {
      ...inner,
      handle: (request, options) => this.#handle(request, (asked = request) => inner.handle(asked, options)),
    };
  }

  /** Whose lease on a run was granted last. */
  holderOf(runId: string): Invocation | undefined {
    return this.#holders.get(runId);
  }

  /** A body begins: its process may die or stand still in it. */
  async body(runId: string, id: string): Promise<void> {
    const invocation = currentInvocation();
    if (invocation === undefined) return;
    const done: Awaited<ReturnType<Make>> = { response: { statusCode: 200, headers: {}, body: "" } };
    try {
      await this.#make({ invocation, name: `body run#${runId}/${id}` }, async () => done);
    } catch (error) {
      // In a body nobody gets an error of AWS, and the dead get nothing.
      if (invocation.dead) await new Promise(() => {});
      throw error;
    }
  }

  /** The process dies here, as by SIGKILL, because the code wants it. */
  die(): Promise<never> {
    const invocation = currentInvocation();
    const nth = this.struck.filter(({ kind }) => kind === "die").length + 1;
    if (invocation?.dead === false) this.struck.push({ kind: "die", at: "the code", nth });
    invocation?.kill();
    return new Promise(() => {});
  }

  #handle(request: Request, make: Make): ReturnType<Make> {
    const invocation = currentInvocation();
    if (invocation === undefined || !this.#counting) return make();
    const asked = { invocation, name: callName(request), request };
    return invocation.functionName.endsWith("-sweeper") ? this.#sweep(asked, make) : this.#make(asked, make);
  }

  async #make(asked: Omit<Call, "nth">, make: Make): ReturnType<Make> {
    const call = this.#numbered(asked);
    const { name, invocation } = call;
    const endTurn = await this.#turn(call);
    try {
      const at = this.calls.push(name);
      await this.before?.(name, at);
      // Killed meanwhile, by another call of its own.
      if (invocation.dead) throw awsError("Killed");
      const fault = this.#faultAt(call, at);
      return await (fault === undefined ? this.#applied(call, make) : this.#strike(fault, call, make, endTurn));
    } finally {
      endTurn();
    }
  }

  /** The sweeper is the last resort, and is let alone where faults are told and not drawn. */
  async #sweep(asked: Omit<Call, "nth">, make: Make): ReturnType<Make> {
    const call = this.#numbered(asked);
    const endTurn = await this.#turn(call);
    try {
      const fault = this.#armedAt(call) ?? this.#around.chance?.(call);
      if (fault !== undefined && AT_SWEEPER.includes(fault.kind)) return await this.#strike(fault, call, make, endTurn);
      if (!bodyText(asked.request?.body).includes('"IndexName"')) return await make();
      return await this.#look(call, make, fault?.kind === "stale");
    } finally {
      endTurn();
    }
  }

  /** An index may tell of the time of the look before. */
  async #look(call: Call, make: Make, isStale: boolean): ReturnType<Make> {
    const { response } = await make();
    const before = this.#looks.get(call.name);
    this.#looks.set(call.name, response);
    if (!isStale || before === undefined || bodyText(before.body) === bodyText(response.body))
      return { response: own(response) };
    this.#note({ kind: "stale" }, call);
    return { response: own(before) };
  }

  #numbered(asked: Omit<Call, "nth">): Call {
    const nth = (this.#arrived.get(asked.name) ?? 0) + 1;
    this.#arrived.set(asked.name, nth);
    return { ...asked, nth };
  }

  /** Waits until the process is awake and it is this call's turn. */
  async #turn({ name, nth, invocation }: Call): Promise<EndTurn> {
    for (;;) {
      await this.#frozen.get(invocation);
      if (invocation.dead) throw awsError("Killed");
      const { schedule } = this.#around;
      if (schedule === undefined) return () => {};
      const end = await schedule.turn(`${name} ${nth}`);
      if (!this.#frozen.has(invocation) && !invocation.dead) return end;
      end();
    }
  }

  #faultAt(call: Call, at: number): Strike | undefined {
    const fault = this.#armedAt(call, at) ?? this.#around.chance?.(call);
    return fault !== undefined && this.#canStrike(fault, call) ? fault : undefined;
  }

  /** @param at its number; those that have none are only hit by name and number of that name */
  #armedAt(call: Call, at?: number): Strike | undefined {
    const hits = (fault: Armed) => {
      if (typeof fault.at === "object") return fault.at.name === call.name && fault.at.nth === call.nth;
      if (at === undefined || typeof fault.at === "number") return fault.at === at;
      return call.name.includes(fault.at) && --fault.left === 0;
    };
    // Each counts, whichever of them strikes.
    const [armed] = this.#faults.filter(hits);
    if (armed !== undefined) this.#faults.splice(this.#faults.indexOf(armed), 1);
    return armed;
  }

  async #strike(fault: Strike, call: Call, make: Make, endTurn: EndTurn): ReturnType<Make> {
    const { kind } = fault;
    this.#note(fault, call);
    if (kind === "failBefore") throw this.#told(call, awsError("InternalServerError"));
    if (kind === "throttle" || kind === "backOff") return this.#throttle(kind, call, make, endTurn);
    if (kind === "early") return this.#applied(call, () => make(this.#earlier(fault, call)));
    if (kind === "freeze" || kind === "delay") {
      endTurn();
      await (kind === "freeze" ? this.#freeze(call.invocation, fault.ms) : this.#delay(call.invocation, fault.ms));
      const end = await this.#turn(call);
      return this.#applied(call, make).finally(end);
    }
    if (kind !== "crashBefore") {
      const answer = await this.#applied(call, make);
      // Killed meanwhile, by another call of its own: a repeat would never be answered, and those with whom it shares work would wait for it.
      if (call.invocation.dead) throw this.#told(call, awsError("Killed"));
      if (kind === "repeat") return this.#applied(call, make);
      if (kind === "failAfter") throw awsError("TimeoutError", answer);
    }
    call.invocation.kill();
    // Nobody is there to read this; but what processes share here, and would not in AWS, must not wait for the dead.
    throw this.#told(call, awsError("Killed"));
  }

  /** Refused until the SDK has backed off often enough, or gives up. */
  async #throttle(kind: "throttle" | "backOff", call: Call, make: Make, endTurn: EndTurn): ReturnType<Make> {
    const refusal = () => this.#told(call, awsError("ThrottlingException"));
    const pauses = mayStandStill(call.name) ? (this.#around.backoff?.(call, kind) ?? []) : [];
    let end = endTurn;
    for (const ms of pauses) {
      refusal();
      end();
      await this.#delay(call.invocation, ms);
      end = await this.#turn(call);
    }
    try {
      if (kind === "throttle") throw refusal();
      return await this.#applied(call, make);
    } finally {
      end();
    }
  }

  #earlier({ ms = EARLY_MS }: Strike, { name, request }: Call): Request | undefined {
    return request && broughtForward(name, request, ms, this.#around.clock.now());
  }

  /** The body of a step can die or stand still, nothing else; and only a timer can be early. */
  #canStrike(fault: Strike, call: Call): boolean {
    const { kind } = fault;
    if (call.name.startsWith("body ")) return kind === "crashBefore" || kind === "freeze";
    if (kind === "early") return this.#earlier(fault, call) !== undefined;
    return kind !== "stale" && (mayStandStill(call.name) || !["freeze", "delay", "backOff"].includes(kind));
  }

  #note(strike: Strike, call: Call): void {
    this.#around.onStrike?.(call, strike);
    const { kind, ms } = strike;
    const { name, nth } = call;
    const runId = runOfCall(name);
    this.struck.push({
      kind,
      at: name,
      nth,
      ...(ms !== undefined && { ms }),
      ...(runId !== undefined && { runId }),
    });
  }

  async #applied(call: Call, make: Make): ReturnType<Make> {
    const answer = await make();
    const { statusCode } = answer.response;
    const leased = statusCode === 200 && call.name.endsWith("/header (SET #owner)");
    if (leased) this.#holders.set(runOfCall(call.name) ?? "", call.invocation);
    this.#around.onCall?.(call, answer.response);
    return answer;
  }

  #told(call: Call, error: Error): Error {
    this.#around.onCall?.(call, { error: error.name });
    return error;
  }

  /** Everything that the process does stands still: this call, and its heartbeat. */
  async #freeze(invocation: Invocation, ms = FREEZE_MS): Promise<void> {
    const thaw = Promise.withResolvers<void>();
    this.#frozen.set(invocation, thaw.promise);
    await this.#delay(invocation, ms);
    this.#frozen.delete(invocation);
    thaw.resolve();
  }

  async #delay(invocation: Invocation, ms = DELAY_MS): Promise<void> {
    const { clock } = this.#around;
    invocation.pause();
    await new Promise<void>((resolve) => clock.at(clock.now() + ms, resolve));
    invocation.resume();
  }
}

/** The processes here share one read of the registry, as those of an account do not: none may stand still in it. */
const mayStandStill = (name: string): boolean => !name.includes("#registry");

/** The SDK changes the prototype of byte arrays: each gets one of its own. */
const own = (answer: Answer): Answer => ({ ...answer, body: Buffer.from(bodyText(answer.body)) });

const awsError = (name: string, cause?: unknown) => Object.assign(new Error(`injected: ${name}`, { cause }), { name });
