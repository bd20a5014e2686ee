import { type GetFunctionInput, NonRetriableError, RetryAfterError, type Stepwell } from "../../../sdk/index.ts";
import type { App } from "../../contract.ts";
import { diaryOf } from "../diary.ts";
import {
  beginning,
  type Input,
  type InvokeNode,
  LATER_MS,
  type Node,
  noWay,
  outputOf,
  type Program,
  type SendNode,
  STUMBLED,
  type StepNode,
  shortened,
  signalOf,
  TOLD_EVENT,
  tokenOf,
  type WaitNode,
} from "./grammar.ts";

type Context = GetFunctionInput<Stepwell>;
type Invocable = ReturnType<App["client"]["createFunction"]>;

/** What a program is compiled with. */
export interface Compiling {
  readonly app: App;
  readonly program: Program;
  readonly version: number;
  /** Functions by id. */
  readonly functions: ReadonlyMap<string, Invocable>;
}

/** The handler of a program's function: what it returns is the text at the end. */
export const compile = (compiling: Compiling) => async (context: Context) => {
  const { program, version } = compiling;
  const text = await new Execution(compiling, context).run(program.body, beginning(context.event.data as Input));
  return `${version === 0 ? "" : `v${version} `}${outputOf(program, text)}`;
};

/** One execution of a handler, from its top. */
class Execution {
  readonly #compiling: Compiling;
  readonly #context: Context;
  /** How often each id was asked for: the engine counts the same. */
  readonly #asked = new Map<string, number>();
  /** Operations in the order in which the code got their results. */
  readonly #order: string[] = [];

  constructor(compiling: Compiling, context: Context) {
    this.#compiling = compiling;
    this.#context = context;
  }

  async run(node: Node, text: string): Promise<string> {
    const { step, attempt } = this.#context;
    switch (node.kind) {
      case "step":
        return this.#step(node, text);
      case "sleep":
        await this.#got(this.#key(node.id), step.sleep(node.id, node.ms));
        return `${text}>${node.id}`;
      case "wait":
        return `${text}>${node.id}=${await this.#wait(node)}`;
      case "invoke":
        return `${text}>${node.id}(${await this.#invoke(node)})`;
      case "send":
        return `${text}>${node.id}*${await this.#send(node)}`;
      case "sequence":
        return this.#sequence(node.of, text);
      case "parallel": {
        const texts = await this.#together(node.id, Promise.all(node.of.map((branch) => this.run(branch, ""))));
        return `${text}[${texts.join("|")}]`;
      }
      case "race":
        return `${text}{${await this.#together(node.id, Promise.race(node.of.map((branch) => this.run(branch, ""))))}}`;
      case "loop":
        return this.#sequence(Array<Node>(node.times).fill(node.of), text);
      case "try":
        return this.run(node.of, text).catch((error: unknown) => `${text}!${errorText(error)}`);
      case "choice":
        return this.run(node.of[text.length % 2] as Node, text);
      case "call":
        return this.run(this.#compiling.program.helpers[node.helper] as Node, text);
      case "unawaited":
        return this.#forget(node.of, text);
      case "stumble":
        if (attempt < node.times) throw new Error(STUMBLED);
        return text;
    }
  }

  async #sequence(nodes: readonly Node[], text: string): Promise<string> {
    let so = text;
    for (const node of nodes) so = await this.run(node, so);
    return so;
  }

  async #step(node: StepNode, text: string): Promise<string> {
    const { witness } = this.#compiling.app;
    const { step, runId } = this.#context;
    const key = this.#key(node.id);
    const runner = { run: (_: string, body: () => unknown) => step.run(node.id, body) };
    const value = await this.#got(
      key,
      witness.step(runner, runId, key, (tries) => this.#body(node, text, tries)),
    );
    return `${text}>${shortened(String(value))}`;
  }

  async #body(node: StepNode, text: string, tries: number): Promise<string> {
    const { app, version } = this.#compiling;
    diaryOf(app.witness).begin(this.#context.runId);
    const isFailing = tries <= (node.fails?.times ?? 0);
    if (isFailing && node.fails?.by === "death") await app.die();
    if (node.slowMs !== undefined) await app.slow(node.slowMs);
    if (node.broken) throw new NonRetriableError(noWay(node.id));
    if (isFailing)
      throw node.fails?.by === "later" ? new RetryAfterError(noWay(node.id), LATER_MS) : new Error(noWay(node.id));
    return tokenOf(node, text, version);
  }

  async #wait(node: WaitNode): Promise<string> {
    const key = this.#key(node.id);
    const by = node.by === "match" ? { match: "data.n" } : { if: "event.data.n == async.data.n" };
    const options = { event: signalOf(node), timeout: node.timeoutMs, ...by };
    const event = await this.#got(key, this.#context.step.waitForEvent(node.id, options));
    const value = event === null ? "null" : String(event.data.value);
    this.#hand(key, value);
    return value;
  }

  async #invoke({ id, child, timeoutMs, padding = 0 }: InvokeNode): Promise<string> {
    const key = this.#key(id);
    const target = this.#compiling.functions.get(child) as Invocable;
    const options = {
      function: target,
      data: { n: (this.#context.event.data as Input).n, from: id, padding: "~".repeat(padding) },
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    };
    const output = String(await this.#got(key, this.#context.step.invoke(id, options)));
    this.#hand(key, output);
    return shortened(output);
  }

  async #send({ id, count, padding = 0 }: SendNode): Promise<number> {
    const { n } = this.#context.event.data as Input;
    const data = (i: number) => ({ n, from: `${id}${i}`, padding: "~".repeat(padding) });
    const events = Array.from({ length: count }, (_, i) => ({ name: TOLD_EVENT, data: data(i) }));
    const key = this.#key(id);
    const { ids } = await this.#got(key, this.#context.step.sendEvent(id, events));
    this.#hand(key, { ids });
    return ids.length;
  }

  /** It must have run when the run completes. */
  #forget(node: StepNode, text: string): string {
    const key = this.#nextKey(node.id);
    this.#hand(`unawaited ${key}`, true);
    this.#step(node, text).catch(() => {});
    return text;
  }

  /** Branches: in which order their results came is the same in each replay of the same code. */
  async #together<T>(id: string, branches: Promise<T>): Promise<T> {
    const key = this.#key(id);
    const end = (how: string) =>
      this.#hand(`order ${key} v${this.#compiling.version}`, `${how}: ${this.#order.join(" ")}`);
    return branches.then(
      (value) => {
        end("ended");
        return value;
      },
      (error: unknown) => {
        end(`failed with ${errorText(error)}`);
        throw error;
      },
    );
  }

  async #got<T>(key: string, result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      this.#hand(key, `!${errorText(error)}`);
      throw error;
    } finally {
      this.#order.push(key);
    }
  }

  #hand(key: string, value: unknown): void {
    this.#compiling.app.witness.hand(this.#context.runId, key, value);
  }

  /** The id with which the engine keeps it: repeats have a number. To be called right before the operation is asked for. */
  #key(id: string): string {
    const key = this.#nextKey(id);
    this.#asked.set(id, (this.#asked.get(id) ?? 0) + 1);
    return key;
  }

  #nextKey(id: string): string {
    const count = this.#asked.get(id) ?? 0;
    return count === 0 ? id : `${id}:${count}`;
  }
}

/** The code of an error, or its message. */
export function errorText(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? String(error);
}
