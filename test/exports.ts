import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
// The compiler of this project has no API; api-extractor brings one that parses.
const require = createRequire(createRequire(import.meta.url).resolve("@microsoft/api-extractor"));

interface Syntax {
  readonly kind: number;
  readonly pos: number;
  readonly name?: { readonly text?: string };
  readonly [field: string]: unknown;
}
interface Compiler {
  createSourceFile(name: string, text: string, target: number, parents: boolean): Syntax;
  readonly SyntaxKind: Readonly<Record<string, number>>;
}
const ts = require("typescript") as Compiler;
const is = (node: Syntax, kind: string) => node.kind === ts.SyntaxKind[kind];

/** A name that users can import. */
export interface PublicName {
  /** Such as `stepwell/http`. */
  readonly entry: string;
  readonly name: string;
  readonly file: string;
  /** A class, function or constant; else a type. */
  readonly isValue: boolean;
  /** The text between `/**` and its end. */
  readonly docs: string;
}

/** All names of all entries, as the sources have them. */
export function publicNames(): readonly PublicName[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
  return Object.entries(exports).flatMap(([path, target]: [string, string | { types: string }]) => {
    if (typeof target === "string") return [];
    const entry = path.replace(/^\./, "stepwell");
    const file = target.types.replace(/^\.\/dist\//, "").replace(/\.d\.ts$/, ".ts");
    return [...exportsOf(file)].map(([name, found]) => ({ entry, name, ...found }));
  });
}

type Found = Omit<PublicName, "entry" | "name">;

const parsed = new Map<string, readonly Syntax[]>();
function statementsOf(file: string): readonly Syntax[] {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), 99, true);
  const statements = tree.statements as readonly Syntax[];
  parsed.set(file, statements);
  return statements;
}

function exportsOf(file: string): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  for (const node of statementsOf(file)) {
    if (is(node, "ExportDeclaration")) for (const [name, one] of reExported(file, node)) found.set(name, one);
    else if (is(node, "ExportAssignment")) {
      const name = (node.expression as { text: string }).text;
      found.set("default", declaration(file, name) ?? { file, isValue: true, docs: "" });
    } else if (isExported(node)) for (const name of namesOf(node)) add(found, name, describe(file, node));
  }
  return found;
}

/** The first of several overloads has the docstring. */
function add(found: Map<string, Found>, name: string, one: Found): void {
  if (!found.has(name)) found.set(name, one);
}

function reExported(file: string, node: Syntax): readonly (readonly [string, Found])[] {
  const specifier = (node.moduleSpecifier as { text: string } | undefined)?.text;
  const target = specifier?.startsWith(".") ? join(dirname(file), specifier) : undefined;
  if (target !== undefined && !existsSync(join(root, target))) throw new Error(`${file} exports from ${specifier}.`);
  const of = target === undefined ? undefined : exportsOf(target);
  const clause = node.exportClause as { elements?: readonly Syntax[] } | undefined;
  if (clause?.elements === undefined)
    return [...(of ?? [])]
      .filter(([name]) => name !== "default")
      .map(([name, one]) => [name, { ...one, isValue: one.isValue && node.isTypeOnly !== true }] as const);
  return clause.elements.flatMap((element) => {
    const name = element.name?.text ?? "";
    const source = (element.propertyName as { text: string } | undefined)?.text ?? name;
    const one = of === undefined ? declaration(file, source) : of.get(source);
    if (one === undefined) return [];
    const isType = node.isTypeOnly === true || element.isTypeOnly === true;
    return [[name, { ...one, isValue: one.isValue && !isType }] as const];
  });
}

/** What a file declares under a name. */
function declaration(file: string, name: string): Found | undefined {
  const node = statementsOf(file).find((candidate) => namesOf(candidate).includes(name));
  return node && describe(file, node);
}

const isExported = ({ modifiers }: Syntax): boolean =>
  ((modifiers ?? []) as readonly Syntax[]).some((modifier) => is(modifier, "ExportKeyword"));

function namesOf(node: Syntax): readonly string[] {
  if (!is(node, "VariableStatement")) return node.name?.text === undefined ? [] : [node.name.text];
  const { declarations } = node.declarationList as { declarations: readonly Syntax[] };
  return declarations.map(({ name }) => name?.text ?? "");
}

function describe(file: string, node: Syntax): Found {
  const isType = is(node, "InterfaceDeclaration") || is(node, "TypeAliasDeclaration");
  const comments = (node.jsDoc ?? []) as readonly { readonly pos: number; readonly end: number }[];
  const last = comments.at(-1);
  const text = readFileSync(join(root, file), "utf8");
  return { file, isValue: !isType, docs: last === undefined ? "" : text.slice(last.pos, last.end) };
}
