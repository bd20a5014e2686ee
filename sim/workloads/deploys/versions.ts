import type { Draw } from "../../draw.ts";
import type { Node, Program, StepNode } from "../programs/grammar.ts";

/** What a deploy does to a program: as docs/deploy.md has it, "What happens to runs in flight". */
const CHANGES = ["rename", "reorder", "add", "delete", "kind", "kind"] as const;

/** A program, and what becomes of it in so many deploys. */
export function drawVersions(draw: Draw, first: Program, deploys: number): readonly Program[] {
  const versions = [first];
  for (let version = 1; version <= deploys; version++) {
    const before = versions.at(-1) as Program;
    versions.push({ ...before, body: changed(draw, before.body, version) });
  }
  return versions;
}

/** Some changes, each somewhere in its sequences. */
function changed(draw: Draw, body: Node, version: number): Node {
  const count = draw.number(1, 3);
  let so = body;
  for (let i = 0; i < count; i++) so = change(draw, so, `new${version}${"abc"[i]}`);
  return so;
}

function change(draw: Draw, node: Node, fresh: string): Node {
  const of = node.kind === "sequence" ? node.of : [node];
  const at = draw.number(0, of.length - 1);
  const one = of[at] as Node;
  const others = of.filter((_, i) => i !== at);
  switch (draw.oneOf(CHANGES)) {
    case "rename":
      return sequence(of.with(at, renamed(draw, one, fresh)));
    case "reorder":
      return sequence(others.toSpliced(draw.number(0, others.length), 0, one));
    case "add":
      return sequence(of.toSpliced(at, 0, { kind: "step", id: fresh }));
    case "delete":
      return sequence(others.length === 0 ? of : others);
    case "kind":
      return sequence(of.with(at, ofOtherKind(draw, one)));
  }
}

const sequence = (of: readonly Node[]): Node => ({ kind: "sequence", of });

/** A step's id, or that of one in a group. */
const renamed = (draw: Draw, node: Node, id: string): Node => edited(draw, node, (one) => ({ ...one, id }));

/** A step becomes a sleep of the same id, and the other way round. */
const ofOtherKind = (draw: Draw, node: Node): Node =>
  edited(draw, node, ({ kind, id }) => (kind === "step" ? { kind: "sleep", id, ms: 20_000 } : { kind: "step", id }));

type Operation = StepNode | (Node & { readonly kind: "sleep" });

function edited(draw: Draw, node: Node, edit: (one: Operation) => Node): Node {
  if (node.kind === "step" || node.kind === "sleep") return edit(node);
  if (node.kind === "loop") return { ...node, of: edited(draw, node.of, edit) };
  if (node.kind !== "sequence" && node.kind !== "parallel") return node;
  const at = draw.number(0, node.of.length - 1);
  return { ...node, of: node.of.with(at, edited(draw, node.of[at] as Node, edit)) };
}
