import { BlockList } from "node:net";
import { AwsError } from "../aws-error.ts";
import { isRecord } from "../input.ts";

/** EventBridge's event patterns, all documented operators. A pattern is compiled once; what it does not know is refused then. */
export type Matches = (event: unknown) => boolean;

/** `values` are the leaves that a path of the pattern leads to: none when the field is missing. */
type LeafTest = (values: readonly unknown[]) => boolean;

const PATTERN_CHARS_MAX = 2_048;

const refuse = (why: string) =>
  new AwsError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${why}`);

/** Compiles the text of a pattern. Throws InvalidEventPatternException. */
export function compilePattern(text: string): Matches {
  if (text.length > PATTERN_CHARS_MAX) throw refuse(`it is longer than ${PATTERN_CHARS_MAX} characters`);
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch {
    throw refuse("it is not JSON");
  }
  if (!isRecord(pattern)) throw refuse("it is not an object");
  if (Object.keys(pattern).length === 0) throw refuse("empty patterns are not allowed");
  const node = compileObject(pattern);
  return (event) => node([event]);
}

/** Fields are all of them; `$or` is any of its alternatives. */
function compileObject(pattern: Record<string, unknown>): LeafTest {
  const tests = Object.entries(pattern).map(([field, rule]) =>
    field === "$or" ? compileOr(rule) : compileField(field, rule),
  );
  return (values) => tests.every((test) => test(values));
}

function compileOr(alternatives: unknown): LeafTest {
  if (!Array.isArray(alternatives) || alternatives.length < 2)
    throw refuse("$or needs a list of at least two patterns");
  const tests = alternatives.map((alternative) => {
    if (!isRecord(alternative)) throw refuse("$or takes objects");
    return compileObject(alternative);
  });
  return (values) => tests.some((test) => test(values));
}

function compileField(field: string, rule: unknown): LeafTest {
  const test = compileRule(field, rule);
  return (values) => test(values.flatMap((value) => fieldsOf(value, field)));
}

function compileRule(field: string, rule: unknown): LeafTest {
  if (isRecord(rule)) {
    if (Object.keys(rule).length === 0) throw refuse(`"${field}" is an empty object`);
    return compileObject(rule);
  }
  if (!Array.isArray(rule)) throw refuse(`"${field}" must be an object or an array`);
  if (rule.length === 0) throw refuse(`"${field}" is an empty array`);
  const tests = rule.map(compileLeaf);
  return (values) => tests.some((test) => test(values.filter(isLeaf)));
}

/** The values of a field; an array in an event stands for each of its elements. */
function fieldsOf(value: unknown, field: string): readonly unknown[] {
  if (!isRecord(value) || !Object.hasOwn(value, field)) return [];
  return flat(value[field]);
}

const flat = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.flatMap(flat) : [value]);

const isLeaf = (value: unknown) => typeof value !== "object" || value === null;

function compileLeaf(rule: unknown): LeafTest {
  if (!isRecord(rule)) {
    if (Array.isArray(rule)) throw refuse("arrays do not nest");
    return (values) => values.some((value) => value === rule);
  }
  const [operator, operand] = single(rule);
  if (operator === "exists") {
    if (typeof operand !== "boolean") throw refuse("exists takes true or false");
    return (values) => values.length > 0 === operand;
  }
  if (operator === "anything-but") {
    const excluded = compileAnythingBut(operand);
    // A missing field is not anything.
    return (values) => values.length > 0 && values.some((value) => !excluded(value));
  }
  const matches = compileValue(operator, operand);
  return (values) => values.some(matches);
}

type ValueTest = (value: unknown) => boolean;

function compileAnythingBut(operand: unknown): ValueTest {
  if (isRecord(operand)) {
    const [operator, inner] = single(operand);
    if (!["prefix", "suffix", "wildcard", "equals-ignore-case"].includes(operator)) {
      throw refuse(`anything-but does not take ${operator}`);
    }
    const tests = (Array.isArray(inner) ? inner : [inner]).map((one) => compileValue(operator, one));
    return (value) => tests.some((test) => test(value));
  }
  const excluded: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (excluded.length === 0 || !excluded.every((one) => typeof one === "string" || typeof one === "number")) {
    throw refuse("anything-but takes strings and numbers");
  }
  return (value) => (excluded as readonly unknown[]).includes(value);
}

function compileValue(operator: string, operand: unknown): ValueTest {
  switch (operator) {
    case "prefix":
    case "suffix":
      return compileAffix(operator, operand);
    case "equals-ignore-case": {
      const wanted = string(operator, operand).toLowerCase();
      return (value) => typeof value === "string" && value.toLowerCase() === wanted;
    }
    case "wildcard":
      return compileWildcard(string(operator, operand));
    case "numeric":
      return compileNumeric(operand);
    case "cidr":
      return compileCidr(string(operator, operand));
    default:
      throw refuse(`unrecognized match type ${operator}`);
  }
}

/** `"text"` or `{ "equals-ignore-case": "text" }`. */
function compileAffix(operator: "prefix" | "suffix", operand: unknown): ValueTest {
  const anyCase = isRecord(operand) ? single(operand) : undefined;
  if (anyCase !== undefined && anyCase[0] !== "equals-ignore-case")
    throw refuse(`${operator} does not take ${anyCase[0]}`);
  const fold = (text: string) => (anyCase === undefined ? text : text.toLowerCase());
  const wanted = fold(string(operator, anyCase === undefined ? operand : anyCase[1]));
  return (value) => {
    if (typeof value !== "string") return false;
    return operator === "prefix" ? fold(value).startsWith(wanted) : fold(value).endsWith(wanted);
  };
}

/** `*` stands for anything, `\*` for a star. */
function compileWildcard(pattern: string): ValueTest {
  if (/(?<!\\)\*\*/.test(pattern)) throw refuse("consecutive wildcard characters");
  if (/\\(?![*\\])/.test(pattern)) throw refuse("invalid escape character");
  const source = pattern.replace(/\\([*\\])|\*|[^*\\]+/g, (part, escaped?: string) => {
    if (escaped !== undefined) return escapeRegExp(escaped);
    return part === "*" ? ".*" : escapeRegExp(part);
  });
  const expression = new RegExp(`^${source}$`, "s");
  return (value) => typeof value === "string" && expression.test(value);
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  "=": (a, b) => a === b,
  ">=": (a, b) => a >= b,
  ">": (a, b) => a > b,
};

/** `["=", 5]`, `[">", 0, "<=", 5]`. */
function compileNumeric(operand: unknown): ValueTest {
  if (!Array.isArray(operand) || ![2, 4].includes(operand.length)) throw refuse("numeric takes one or two comparisons");
  const tests: ((value: number) => boolean)[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const compare = COMPARISONS[String(operand[at])];
    const bound: unknown = operand[at + 1];
    if (compare === undefined) throw refuse(`unrecognized numeric operator ${String(operand[at])}`);
    if (typeof bound !== "number") throw refuse("numeric compares with numbers");
    tests.push((value) => compare(value, bound));
  }
  return (value) => typeof value === "number" && tests.every((test) => test(value));
}

function compileCidr(text: string): ValueTest {
  const [address = "", bits = ""] = text.split("/");
  const family = (ip: string) => (ip.includes(":") ? "ipv6" : "ipv4");
  const range = new BlockList();
  try {
    range.addSubnet(address, Number(bits), family(address));
  } catch {
    throw refuse(`malformed CIDR ${text}`);
  }
  return (value) => typeof value === "string" && /^[0-9a-fA-F.:]+$/.test(value) && range.check(value, family(value));
}

function single(rule: Record<string, unknown>): readonly [operator: string, operand: unknown] {
  const entries = Object.entries(rule);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw refuse("only one key is allowed in a match expression");
  return entry;
}

function string(operator: string, operand: unknown): string {
  if (typeof operand !== "string") throw refuse(`${operator} takes a string`);
  return operand;
}
