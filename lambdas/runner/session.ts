/**
 * One invocation's work on one run: the live replay. The handler stays alive as a coroutine; each finished step resolves its promise.
 *
 * S1. Results reach the code one at a time, in an order that is written down (R1, R2 of the replay core). An order number is given
 *     when a body ends, and nothing with a higher number is handed over before it.
 * S2. What is stored counts: the answer to a checkpoint may be another attempt's result, and the code gets that one.
 * S3. Waits and invokes are set up when they are asked for, before anything else is awaited for them (L7).
 * S4. Only `#untilRest` suspends, at its one wait for the next happening.
 * S5. A run may be cancelled while it works: beside a checkpoint the header is read, so that no other body begins after it. Only a few
 *     bodies that end at once may follow one another without, so that a short run pays for no reads.
 * S6. What is buffered is written before anything else that the code has led to, and before the run rests (P8).
 */
import { type Ending, hasResult, nextResult, type Op, type Replay, unordered } from "../../sdk/execution/index.ts";
import { IN_PLACE_SLEEP_MS_MAX, type StepMemo } from "../../sdk/protocol/index.ts";
import { Cancelled } from "./cancellation.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { Fenced, type Held } from "./held.ts";
import { closeLosers } from "./losers.ts";
import { hasBody, operations } from "./operations/index.ts";
import { resultOf } from "./results.ts";
import { tryStep } from "./step-body.ts";

/**
 * How many bodies that end within a turn of the event loop may follow one another without a look at the header. They have called
 * nobody, and a read after each would be a fifth of what a step costs (DESIGN.md: five steps have two read units in all).
 */
const QUICK_BODIES_MAX = 5;

export type Report =
  | { readonly kind: "ended"; readonly ending: Ending }
  /** Everything open is a timer, a wait or an invoke. */
  | ({ readonly kind: "parked" } & Parked)
  /** No time left for the next step. */
  | { readonly kind: "outOfTime" }
  /** A step is to be tried whose count of failed tries is not the handler's `attempt`: start the handler anew. */
  | { readonly kind: "restart"; readonly attempt: number };

export interface Parked {
  readonly open: readonly Op[];
  /** Whether these are all the operations that the code has open; not so once the handler has ended. */
  readonly all: boolean;
}

export class Session {
  readonly #held: Held;
  readonly #heartbeat: Heartbeat;
  readonly #replay: Replay;
  readonly #running = new Map<string, Promise<void>>();
  /** Order numbers of results whose checkpoint is still under way. */
  readonly #unwritten = new Set<number>();
  #failure: { readonly error: unknown } | undefined;
  /** The code has waited for something that is no step since the header was last seen (S5). */
  #stale = false;
  /** A read of the header that is about to be sent. */
  #look: Promise<void> | undefined;
  /** Bodies that have ended at once since the header was last seen (S5). */
  #quickBodies = 0;

  constructor(held: Held, heartbeat: Heartbeat, replay: Replay) {
    this.#held = held;
    this.#heartbeat = heartbeat;
    this.#replay = replay;
  }

  /** Carries the run as far as it can go now. @throws Fenced when the run has gone to another holder; Cancelled */
  async carry(): Promise<Report> {
    try {
      return await this.#untilRest();
    } catch (error) {
      // AWS said no: what still runs is waited for, since nobody else may start it while it does (L4).
      if (!(error instanceof Fenced)) await Promise.all(this.#running.values());
      // For the record: the run has done it.
      if (error instanceof Cancelled) await this.#held.buffer.flush();
      throw error;
    }
  }

  async #untilRest(): Promise<Report> {
    for (;;) {
      const { moved } = this.#replay;
      const { news } = this.#heartbeat;
      await this.#replay.quiet();
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#heartbeat.confirm();
      if (this.#heartbeat.lost) throw new Fenced();
      this.#held.cancellation.check();
      if (await this.#heartbeat.takeNews(() => this.#held.reload())) continue;
      if (await this.#handNext()) continue;
      if (await this.#setUpNew()) continue;
      if (await this.#closeLosers()) continue;
      if (this.#stale && this.#runnable().length > 0) {
        await this.#lookAtHeader();
        continue;
      }
      if (await this.#spread()) continue;
      this.#start();
      const report = this.#rest();
      if (report?.kind === "ended") this.#replay.close();
      if (report !== undefined) {
        await this.#held.buffer.flush();
        return report;
      }
      await this.#nextHappening(moved, news);
    }
  }

  /** Hands the next known result to the code, if there is one and its turn has come (S1). */
  async #handNext(): Promise<boolean> {
    const { memo, deps } = this.#held;
    const next = nextResult(this.#replay.open, memo, deps.clock.now());
    if (next === undefined) return false;
    const { op, record } = next;
    if (record ? this.#unwritten.size > 0 : (next.memo.order ?? 0) > Math.min(...this.#unwritten)) return false;
    const step = record ? await this.#held.giveOrder(next.memo) : next.memo;
    this.#replay.hand(op.key, await resultOf(op, step, deps.world.payloads));
    this.#held.progress = true;
    return true;
  }

  /** Writes waiting operations that the code has asked for, and sets up those that must not wait for the suspend (S3). */
  async #setUpNew(): Promise<boolean> {
    const { ending, open } = this.#replay;
    if (ending?.fatal) return false;
    // Once the code has ended, what it still waits for has lost its race; but a child that it has asked for is to start.
    const asked = ending === undefined ? open : open.filter((op) => op.request.kind === "invoke");
    const waiting = asked.filter((op) => !hasBody(op.request.kind) && this.#needsAttention(op));
    if (waiting.length > 0) await this.#held.buffer.flush();
    await Promise.all(waiting.map((op) => this.#setUp(op)));
    return waiting.length > 0;
  }

  /** Bodies of losers that run are waited for. Once the code has ended, the run's tail closes everything. */
  async #closeLosers(): Promise<boolean> {
    const { ending, lost } = this.#replay;
    if (ending !== undefined || lost.length === 0) return false;
    return closeLosers(
      this.#held,
      lost.filter(({ key }) => !this.#running.has(key)),
    );
  }

  #needsAttention(op: Op): boolean {
    const step = this.#held.memo.get(op.key);
    if (step === undefined) return true;
    return step.outcome === undefined && operations[step.kind].setUpAtOnce === true && this.#held.needsSetUp(step);
  }

  async #setUp(op: Op): Promise<void> {
    const held = this.#held;
    const { prepare, plan, setUp, setUpAtOnce } = operations[op.request.kind];
    if ((await prepare?.(held, op)) === "failed") return this.#replay.hand(op.key, undefined);
    const known = held.memo.get(op.key);
    const step = known ?? (await held.deps.world.steps.plan(held.run, { ...held.newStep(op), ...plan?.(held, op) }));
    held.memo.set(op.key, step);
    if (!setUpAtOnce || step.outcome !== undefined) return;
    await setUp(held, op, step);
    held.setUpHere.add(op.key);
  }

  /** Steps beside others get invocations of their own, if the function asks for that (F1-F4 of `fan-out.ts`). */
  async #spread(): Promise<boolean> {
    if (this.#replay.ending?.fatal || this.#held.stateError() !== undefined) return false;
    const { memo, fanOut } = this.#held;
    const open = this.#replay.open.filter(
      ({ key, request }) => hasBody(request.kind) && memo.get(key)?.outcome === undefined,
    );
    // A race goes on with its first result: who is in it stays here, where that is heard of at once.
    const movable = open.filter(
      ({ key, race }) => race === undefined && !this.#running.has(key) && memo.get(key)?.inline !== true,
    );
    return fanOut.spread(this.#held, movable, open.length - movable.length);
  }

  #start(): void {
    if (this.#replay.ending?.fatal || this.#held.stateError() !== undefined) return;
    const limit = this.#held.oneByOne ? 1 : this.#held.parallel;
    for (const op of this.#runnable()) {
      if (this.#running.size >= limit || this.#held.isOutOfTime() || this.#restartFor(op)) return;
      this.#running.set(op.key, this.#execute(op));
    }
  }

  /** Open steps with a body that could run now. */
  #runnable(): readonly Op[] {
    const now = this.#held.deps.clock.now();
    return this.#replay.open.filter((op) => {
      if (!hasBody(op.request.kind) || this.#running.has(op.key) || this.#held.fanOut.has(op.key)) return false;
      const step = this.#held.memo.get(op.key);
      return step === undefined || (step.outcome === undefined && (step.until ?? 0) <= now);
    });
  }

  /** The handler's `attempt` counts the failed tries of the step that is next; not changed while others are in the middle. */
  #restartFor(op: Op): Report | undefined {
    if (this.#running.size > 0 || this.#replay.ending !== undefined || !this.#held.mayRestart) return undefined;
    const attempt = Math.max(this.#held.triesOf(op.key), this.#held.handlerAttempts);
    return attempt === this.#held.attempt ? undefined : { kind: "restart", attempt };
  }

  /** Hears of wakes and of a cancellation (S5): one read for all who ask in the same turn. */
  #lookAtHeader(): Promise<void> {
    this.#stale = false;
    this.#quickBodies = 0;
    this.#look ??= this.#readHeader();
    return this.#look;
  }

  async #readHeader(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#look = undefined;
    this.#heartbeat.hear(await this.#held.deps.world.runs.header(this.#held.run));
  }

  async #execute(op: Op): Promise<void> {
    const pending = isPending();
    try {
      if (op.request.kind !== "run") await this.#held.buffer.flush();
      const step = await tryStep(this.#held, op);
      const looks = pending() || ++this.#quickBodies > QUICK_BODIES_MAX;
      const [result] = await Promise.allSettled([this.#write(op, step), looks && this.#lookAtHeader()]);
      if (result.status === "rejected") throw result.reason;
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#running.delete(op.key);
    }
  }

  async #write(op: Op, step: StepMemo): Promise<void> {
    // Another attempt's result has been heard of meanwhile: that one counts, and has a place or needs none.
    if (this.#held.memo.get(op.key)?.outcome !== undefined) return;
    const { buffer, deps, run } = this.#held;
    if (step.outcome !== undefined) return buffer.takes(step) ? this.#buffer(step) : this.#checkpoint(step);
    await buffer.flush();
    this.#held.remember(unordered(await deps.world.steps.retryLater(run, step)));
  }

  /** The code gets the result now, or, when enough are buffered, once they are written. */
  async #buffer(step: StepMemo): Promise<void> {
    const { buffer, deps } = this.#held;
    const mine = { ...step, order: this.#held.nextOrder() };
    buffer.add(mine);
    if (buffer.isFull) {
      this.#unwritten.add(mine.order);
      await buffer.flush();
      this.#unwritten.delete(mine.order);
    }
    this.#held.remember(buffer.asWritten(mine));
    if (mine.outcome?.ok) deps.log.debug("step completed", { stepId: mine.id });
  }

  async #checkpoint(step: StepMemo): Promise<void> {
    const order = this.#held.nextOrder();
    this.#unwritten.add(order);
    const mine = { ...step, order };
    await this.#held.buffer.flush();
    const stored = await this.#held.deps.world.steps.checkpoint(this.#held.run, mine);
    // Another attempt was first: its result takes the place that mine would have had.
    this.#held.remember(stored === mine ? mine : await this.#held.giveOrder(stored, order));
    this.#unwritten.delete(order);
    if (mine.outcome?.ok) this.#held.deps.log.debug("step completed", { stepId: mine.id });
  }

  /** Is there nothing more to do in this invocation, for now or for good? */
  #rest(): Report | undefined {
    const { ending, open } = this.#replay;
    if (this.#running.size > 0) return undefined;
    const tooMuch = this.#held.stateError();
    if (tooMuch !== undefined) return { kind: "ended", ending: { ok: false, error: tooMuch, fatal: true } };
    if (ending?.fatal) return { kind: "ended", ending };
    const [next] = this.#runnable();
    if (next !== undefined) return this.#restartFor(next) ?? { kind: "outOfTime" };
    const unfinished = ending === undefined ? open : open.filter((op) => hasBody(op.request.kind));
    if (unfinished.length > 0)
      return this.#isSoon() ? undefined : { kind: "parked", open: unfinished, all: ending === undefined };
    if (ending !== undefined) return { kind: "ended", ending };
    return this.#held.isOutOfTime() ? { kind: "outOfTime" } : undefined;
  }

  /** Whether a timer is so close that it is waited for in place. */
  #isSoon(): boolean {
    const soon = this.#held.deps.clock.now() + IN_PLACE_SLEEP_MS_MAX;
    return this.#timers().some((time) => time < soon) && !this.#held.isOutOfTime();
  }

  /** Times still to come of open operations that end by the clock alone. */
  #timers(): readonly number[] {
    const now = this.#held.deps.clock.now();
    const own = this.#replay.open.filter(({ key }) => !this.#held.fanOut.has(key));
    return own.flatMap((op) => {
      const step = this.#held.memo.get(op.key);
      const ticking = step?.until !== undefined && (step.kind === "sleep" || hasBody(step.kind));
      return ticking && !hasResult(step, now) && step.until > now ? [step.until] : [];
    });
  }

  /** The one place where an invocation waits (S4): for a body, the code, a timer, a wake, or the end of its time. */
  async #nextHappening(moved: Promise<void>, news: Promise<void>): Promise<void> {
    const { clock } = this.#held.deps;
    const timers = this.#timers();
    const isIdle = this.#running.size === 0;
    const pausing = isIdle && timers.length > 0;
    const times = [...timers, this.#held.outOfTimeAt].filter((time) => time > clock.now());
    const alarm = Promise.withResolvers<void>();
    const cancel = times.length > 0 ? clock[pausing ? "pause" : "at"](Math.min(...times), alarm.resolve) : () => {};
    const { happened } = this.#held.cancellation;
    const pending = isPending();
    await Promise.race([moved, news, happened, alarm.promise, ...this.#running.values()]);
    // A body looks for itself.
    if (isIdle && pending()) this.#stale = true;
    cancel();
  }
}

/** Tells later whether more than one turn of the event loop has gone by. */
function isPending(): () => boolean {
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  return () => turned;
}
