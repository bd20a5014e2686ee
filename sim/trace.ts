import { createHash } from "node:crypto";
import type { Invocation } from "../local/invocation.ts";
import { bodyText } from "./call-name.ts";
import type { Call, Came, Strike } from "./faults.ts";

/** One line of what happened. */
export interface Line {
  /** In ms after the start. */
  readonly at: number;
  /** Who did it: `router 3`, `app 12`, or the world outside. */
  readonly who: string;
  readonly what: string;
  /** What came of a call: nothing if all was well. */
  readonly came?: string;
  /** Not a call, but what strikes it. */
  readonly strike?: Strike;
}

/** Everything that happened, in order, and a hash of it with all that was asked and answered. */
export class Trace {
  readonly lines: Line[] = [];
  readonly #now: () => number;
  readonly #hash = createHash("sha256");
  readonly #processes = new WeakMap<Invocation, string>();
  readonly #counts = new Map<string, number>();

  /** @param now in ms after the start */
  constructor(now: () => number) {
    this.#now = now;
  }

  get hash(): string {
    return this.#hash.copy().digest("hex").slice(0, 16);
  }

  /** Something that no process did. */
  world(what: string): void {
    this.#add({ at: this.#now(), who: "world", what });
  }

  /** What strikes a call, or a message, which is nobody's. */
  strike(what: string, strike: Strike, invocation?: Invocation): void {
    const who = invocation === undefined ? "world" : this.#processOf(invocation);
    this.#add({ at: this.#now(), who, what, strike });
  }

  call({ name, invocation, request }: Call, came: Came): void {
    const outcome = "error" in came ? came.error : outcomeOf(came.statusCode, bodyText(came.body));
    this.#add({ at: this.#now(), who: this.#processOf(invocation), what: name, ...(outcome && { came: outcome }) });
    this.#hash.update(lasting(bodyText(request?.body)));
    if (!("error" in came)) this.#hash.update(lasting(bodyText(came.body)));
  }

  /** The number of a process among those of its function. */
  #processOf(invocation: Invocation): string {
    const known = this.#processes.get(invocation);
    if (known !== undefined) return known;
    const door = invocation.functionName.split("-")[1] ?? invocation.functionName;
    const count = (this.#counts.get(door) ?? 0) + 1;
    this.#counts.set(door, count);
    const process = `${door} ${count}`;
    this.#processes.set(invocation, process);
    return process;
  }

  #add(line: Line): void {
    this.lines.push(line);
    this.#hash.update(JSON.stringify(line));
  }
}

/** What differs from one time to the next, and means nothing: the port of the cloud, and the tokens that the SDK makes up. */
const lasting = (text: string): string => text.replace(/127\.0\.0\.1:\d+/g, "").replace(/"ClientToken":"[^"]*"/g, "");

function outcomeOf(status: number, body: string): string | undefined {
  if (status < 300) return undefined;
  const type = /"__type":"(?:[^"#]*#)?(\w+)"/.exec(body)?.[1] ?? String(status);
  return type === "ConditionalCheckFailedException" ? "refused" : type;
}
