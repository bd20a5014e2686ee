/**
 * What DynamoDB bills, by its published rules ("DynamoDB item sizes and formats", "DynamoDB on-demand capacity mode", "Using global
 * secondary indexes"). Pure. Sizes are bytes.
 */

/** A value in DynamoDB's JSON: `{ S: "text" }`, `{ N: "1" }`, … */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;

export interface IndexShape {
  readonly name: string;
  readonly keys: readonly string[];
  /** Projected attributes; undefined means all. */
  readonly attributes: readonly string[] | undefined;
}

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;
/** "An empty List or Map attribute requires 3 bytes of overhead", and each element one byte. */
const DOCUMENT_BYTES = 3;
const ELEMENT_BYTES = 1;
/** Digits are stored two to a byte, 38 at most: 21 bytes. */
const NUMBER_BYTES_MAX = 21;

export function itemSize(item: Item): number {
  let size = 0;
  for (const name of Object.keys(item)) size += utf8(name) + valueSize(item[name] as AttributeValue);
  return size;
}

export function valueSize(value: AttributeValue): number {
  const type = Object.keys(value)[0] ?? "NULL";
  const content = value[type];
  switch (type) {
    case "S":
      return utf8(content as string);
    case "N":
      return numberSize(content as string);
    case "B":
      return binarySize(content);
    case "SS":
      return sum((content as string[]).map(utf8));
    case "NS":
      return sum((content as string[]).map(numberSize));
    case "BS":
      return sum((content as unknown[]).map(binarySize));
    case "L":
      return DOCUMENT_BYTES + sum((content as AttributeValue[]).map((element) => ELEMENT_BYTES + valueSize(element)));
    case "M": {
      const entries = Object.entries(content as Item);
      return DOCUMENT_BYTES + sum(entries.map(([name, element]) => ELEMENT_BYTES + utf8(name) + valueSize(element)));
    }
    default:
      return 1; // BOOL and NULL
  }
}

/** "Approximately (length of attribute name) + (1 byte per two significant digits) + (1 byte)"; a sign costs one more. */
export function numberSize(text: string): number {
  const digits = text
    .replace(/[eE].*$/, "")
    .replace(/[-+.]/g, "")
    .replace(/^0+/, "")
    .replace(/0+$/, "");
  if (digits === "") return 1;
  const sign = text.startsWith("-") ? 1 : 0;
  return Math.min(NUMBER_BYTES_MAX, Math.ceil(digits.length / 2) + 1 + sign);
}

export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));

export const readUnits = (bytes: number, consistent: boolean): number =>
  Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5);

/** Of a write that happened: the larger of the item before and after, and what it does to the indexes. */
export function writeCost(before: Item | undefined, after: Item | undefined, indexes: readonly IndexShape[]): number {
  const table = writeUnits(Math.max(sizeOf(before), sizeOf(after)));
  return table + sum(indexes.map((index) => indexCost(index, before, after)));
}

/** Of a write whose condition was refused: by the existing item. */
export const refusedCost = (existing: Item | undefined): number => writeUnits(sizeOf(existing));

/**
 * Of one index: nothing when the item neither was nor is in it, or when what it projects has not changed; a write when it comes in, goes
 * out or changes a projected attribute; two when a key of the index changes (a delete and a put).
 */
export function indexCost(index: IndexShape, before: Item | undefined, after: Item | undefined): number {
  const was = project(index, before);
  const is = project(index, after);
  if (was === undefined && is === undefined) return 0;
  if (was === undefined || is === undefined) return writeUnits(sizeOf(was ?? is));
  const moved = index.keys.some((key) => !same(was[key], is[key]));
  if (moved) return writeUnits(sizeOf(was)) + writeUnits(sizeOf(is));
  return same(was, is) ? 0 : writeUnits(Math.max(sizeOf(was), sizeOf(is)));
}

function project(index: IndexShape, item: Item | undefined): Item | undefined {
  if (item === undefined || index.keys.some((key) => item[key] === undefined)) return undefined;
  if (index.attributes === undefined) return item;
  const projected: Record<string, AttributeValue> = {};
  for (const name of index.attributes) {
    const value = item[name];
    if (value !== undefined) projected[name] = value;
  }
  return projected;
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.length !== others.length) return false;
  return keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

const sizeOf = (item: Item | undefined): number => (item === undefined ? 0 : itemSize(item));
const utf8 = (text: string): number => Buffer.byteLength(text);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

/** Binary travels as base64 on the wire. */
const binarySize = (content: unknown): number => Buffer.byteLength(content as string, "base64");
