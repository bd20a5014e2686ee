/** What an expression reads of its variables: so that little is stored with a wait, and little is touched when it is evaluated. */
import type { ASTNode } from "@marcbachmann/cel-js";
import { childrenOf, loopOf, type Variable } from "./cel-environment.ts";
import { isRecord } from "./values.ts";

/** Paths of members from a variable's root, none of them within another; or everything. */
export type Paths = readonly (readonly string[])[] | "all";

/** Everything one expression reads, by variable. */
export type Reads = Readonly<Record<Variable, Paths>>;

/**
 * What a part of an expression reads. Names in `items` belong to macros, and are no reads of their own.
 *
 * @example
 * ```ts
 * readsOf([environment.parse("event.data.a == event.data.b.c").ast]).event; // [["data", "a"], ["data", "b", "c"]]
 * ```
 */
export function readsOf(nodes: readonly ASTNode[], items: readonly string[] = []): Reads {
  const found: Record<Variable, string[][]> = { event: [], async: [], events: [] };
  const visit = (node: ASTNode, hidden: readonly string[]): void => {
    const chain = chainOf(node);
    if (chain !== undefined) {
      if (isVariable(chain.root) && !hidden.includes(chain.root)) found[chain.root].push(chain.path);
      return;
    }
    const loop = loopOf(node);
    for (const part of loop === undefined ? childrenOf(node) : [loop.receiver]) visit(part, hidden);
    for (const body of loop?.bodies ?? []) visit(body, [...hidden, loop?.item ?? ""]);
  };
  for (const node of nodes) visit(node, items);
  return { event: maximal(found.event), async: maximal(found.async), events: maximal(found.events) };
}

/**
 * A node as a chain of members from a name, such as `event.data["user-id"]`; `undefined` for anything else, an index into a list too.
 *
 * @example
 * ```ts
 * chainOf(environment.parse("event.data.a").ast); // { root: "event", path: ["data", "a"] }
 * ```
 */
export function chainOf(node: ASTNode): { readonly root: string; readonly path: string[] } | undefined {
  const path: string[] = [];
  for (let at = node; ; at = at.args[0]) {
    if (at.op === "id") return { root: at.args, path: path.reverse() };
    if (at.op !== "." && at.op !== "[]") return undefined;
    const key = at.op === "." ? at.args[1] : at.args[1].op === "value" ? at.args[1].args : undefined;
    if (typeof key !== "string") return undefined;
    path.push(key);
  }
}

/**
 * The least of a value that keeps these paths: objects hold only what is named, and lists on the way are emptied, since no path of
 * names leads into one. Shares what it keeps with the original. Objects have no prototype, so that no key is special.
 *
 * @example
 * ```ts
 * project({ name: "a", data: { x: 1, y: 2 } }, [["data", "x"]]); // { data: { x: 1 } }
 * ```
 */
export function project(value: unknown, paths: Paths): unknown {
  if (paths === "all" || paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) return [];
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = Object.create(null);
  for (const key of new Set(paths.map(([head]) => head))) {
    if (key === undefined || !Object.hasOwn(value, key)) continue;
    kept[key] = project(
      value[key],
      paths.filter(([head]) => head === key).map(([, ...tail]) => tail),
    );
  }
  return kept;
}

const isVariable = (name: string): name is Variable => name === "event" || name === "async" || name === "events";

function maximal(paths: readonly string[][]): Paths {
  if (paths.some((path) => path.length === 0)) return "all";
  const byLength = paths.toSorted((a, b) => a.length - b.length);
  const kept: string[][] = [];
  for (const path of byLength) {
    if (!kept.some((shorter) => shorter.every((key, index) => key === path[index]))) kept.push(path);
  }
  return kept;
}
