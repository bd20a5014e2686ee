/**
 * A small language of durable programs. A program folds a text: it begins with what its event says, each operation appends what it
 * gave, and the text at the end is the run's output. So a result that is lost, doubled, swapped or of another operation shows.
 */
export type Node =
  | StepNode
  /** Appends its id. */
  | { readonly kind: "sleep"; readonly id: string; readonly ms: number }
  | WaitNode
  | InvokeNode
  | SendNode
  /** One after the other. */
  | { readonly kind: "sequence"; readonly of: readonly Node[] }
  /** All at once, each with a text of its own; the first error counts. */
  | { readonly kind: "parallel"; readonly id: string; readonly of: readonly Node[] }
  /** The first to end counts; the others go on beside what follows. */
  | { readonly kind: "race"; readonly id: string; readonly of: readonly Node[] }
  /** The ids in it are used again each time. */
  | { readonly kind: "loop"; readonly times: number; readonly of: Node }
  /** An error is appended, and no error any more. */
  | { readonly kind: "try"; readonly of: Node }
  /** The first if the text so far has an even length. */
  | { readonly kind: "choice"; readonly of: readonly [Node, Node] }
  /** A function of the program's own, which may be called from several places: its ids are used again. */
  | { readonly kind: "call"; readonly helper: string }
  /** Nobody awaits it. */
  | { readonly kind: "unawaited"; readonly of: StepNode }
  /** The handler throws, as long as it has been tried fewer times than this. */
  | { readonly kind: "stumble"; readonly times: number };

/** Appends its id, and the length of the text that its body was given. */
export interface StepNode {
  readonly kind: "step";
  readonly id: string;
  /** Its first tries fail. */
  readonly fails?: Failing;
  /** Fails for good at once, with the message `no <id>`. */
  readonly broken?: true;
  /** Its body takes so long, in milliseconds. */
  readonly slowMs?: number;
  /** So many more characters in its result. */
  readonly padding?: number;
}

export interface Failing {
  readonly times: number;
  /** By an error, by one that says when to try again, or by the death of its process. */
  readonly by: "error" | "later" | "death";
}

/** How long `later` says, in milliseconds. */
export const LATER_MS = 90_000;

/** Appends the event's value, or that there was none in time. The event has the run's `n`. */
export interface WaitNode {
  readonly kind: "wait";
  readonly id: string;
  readonly timeoutMs: number;
  /** Whether that is said by `match` or by `if`. */
  readonly by: "match" | "if";
}

/** Sends events that start the function `told`, and appends how many. */
export interface SendNode {
  readonly kind: "send";
  readonly id: string;
  readonly count: number;
  /** So many more characters in each. */
  readonly padding?: number;
}

/** Appends what the child gave. */
export interface InvokeNode {
  readonly kind: "invoke";
  readonly id: string;
  /** Id of a function. */
  readonly child: string;
  readonly timeoutMs?: number;
  /** So many more characters in what it is given. */
  readonly padding?: number;
}

export interface Program {
  /** Of its function. */
  readonly id: string;
  readonly body: Node;
  readonly helpers: Readonly<Record<string, Node>>;
  /** Tries that each of its steps, and its handler, has in all. */
  readonly attempts: number;
  /** So many more characters in its output. */
  readonly padding?: number;
}

/** What a run begins with. */
export interface Input {
  readonly n: number;
  /** The step that has invoked it, or sent its event. */
  readonly from?: string;
}

export const GO = "program/go";
/** The function that sent events start. */
export const TOLD = "told";
export const TOLD_EVENT = "program/told";

/** The event that a wait waits for. */
export const signalOf = ({ id }: WaitNode): string => `program/signal-${id}`;

/** The text that a run begins with. */
export const beginning = ({ n, from }: Input): string => (from === undefined ? `${n}` : `${from}.${n}`);

/** What a step gives that was given this text. */
export const tokenOf = ({ id, padding = 0 }: StepNode, text: string, version = 0): string =>
  `${id}${version === 0 ? "" : `v${version}`}@${text.length}${"~".repeat(padding)}`;

/** What a run gives at its end. */
export const outputOf = ({ padding }: Program, text: string): string =>
  padding === undefined ? text : `${text}.${"~".repeat(padding)}`;

/** Paddings are appended as their length. */
export const shortened = (token: string): string => token.replace(/~+$/, (padding) => `~${padding.length}`);

/** What a handler says that stumbles. */
export const STUMBLED = "stumbled";

export const noWay = (id: string): string => `no ${id}`;

/** All operations and groups of a program, itself and helpers included, each once. */
export function nodesOf({ body, helpers }: Pick<Program, "body" | "helpers">): readonly Node[] {
  return [body, ...Object.values(helpers)].flatMap(allOf);
}

const allOf = (node: Node): readonly Node[] => [node, ...partsOf(node).flatMap(allOf)];

export function partsOf(node: Node): readonly Node[] {
  if (!("of" in node)) return [];
  return Array.isArray(node.of) ? node.of : [node.of as Node];
}

/** As people read it. */
export function textOf(node: Node): string {
  switch (node.kind) {
    case "step":
      return stepText(node);
    case "sleep":
      return `${node.id}=sleep(${node.ms})`;
    case "wait":
      return `${node.id}=wait(${node.timeoutMs})`;
    case "invoke":
      return `${node.id}=invoke(${node.child}${node.timeoutMs === undefined ? "" : `, ${node.timeoutMs}`})`;
    case "send":
      return `${node.id}=send(${node.count})`;
    case "sequence":
      return node.of.map(textOf).join("; ");
    case "parallel":
      return `${node.id}=all[${node.of.map(textOf).join(" | ")}]`;
    case "race":
      return `${node.id}=race[${node.of.map(textOf).join(" | ")}]`;
    case "loop":
      return `${node.times} times(${textOf(node.of)})`;
    case "try":
      return `try(${textOf(node.of)})`;
    case "choice":
      return `even? (${textOf(node.of[0])}) : (${textOf(node.of[1])})`;
    case "call":
      return `${node.helper}()`;
    case "unawaited":
      return `void ${textOf(node.of)}`;
    case "stumble":
      return `stumble(${node.times})`;
  }
}

const stepText = ({ id, fails, broken, slowMs, padding }: StepNode): string => {
  const notes = [
    fails && `${fails.times} ${fails.by}`,
    broken && "broken",
    slowMs && `${slowMs} ms`,
    padding && `+${padding}`,
  ].filter(Boolean);
  return notes.length === 0 ? id : `${id}(${notes.join(", ")})`;
};

export const programText = ({ id, body, helpers, padding = 0 }: Program): string =>
  [
    `${id}${padding === 0 ? "" : ` (+${padding})`}: ${textOf(body)}`,
    ...Object.entries(helpers).map(([name, node]) => `  ${name}: ${textOf(node)}`),
  ].join("\n");
