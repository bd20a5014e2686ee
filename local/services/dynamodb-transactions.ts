/**
 * Transactions, as far as the engine uses them: dynalite has none. The caller sees to it that nothing else is done to the store
 * meanwhile, so that all conditions are judged, and all puts made, as one.
 */
import { AwsError, invalid, unsupported } from "../aws-error.ts";
import { type Item, itemSize, writeUnits } from "../capacity.ts";
import { type Input, isRecord, records } from "../input.ts";
import { conditionHolds, type DynaliteStore, type Held } from "./dynalite.ts";

const KINDS = ["ConditionCheck", "Put"] as const;
const ACTIONS_MAX = 100;
/** A transaction prepares its writes, and then makes them: "two underlying reads or writes of every item". */
export const TRANSACTION_PRICE = 2;

interface Action {
  readonly kind: (typeof KINDS)[number];
  readonly input: Input;
}

/** What a transaction puts, once all its conditions hold, as inputs of PutItem. */
export interface Transaction {
  readonly puts: readonly Input[];
  /** Write units of the items that are only looked at. */
  readonly checkUnits: number;
}

/** @throws AwsError `TransactionCanceledException` with a reason for each action, if a condition does not hold */
export async function judged(store: DynaliteStore, input: Input): Promise<Transaction> {
  const actions = actionsOf(input);
  const held = await Promise.all(actions.map((action) => conditionHolds(store, conditionOf(action))));
  if (!held.every(({ holds }) => holds)) throw cancelled(actions, held);
  const looked = held.filter((_, i) => actions[i]?.kind === "ConditionCheck");
  return {
    puts: actions.filter(({ kind }) => kind === "Put").map(({ input: { TableName, Item } }) => ({ TableName, Item })),
    checkUnits: sum(looked.map(({ existing }) => unitsOf(existing))),
  };
}

function actionsOf(input: Input): readonly Action[] {
  const items = records(input, "TransactItems");
  if (items.length === 0 || items.length > ACTIONS_MAX)
    throw invalid(`TransactItems must have 1 to ${ACTIONS_MAX} members, and has ${items.length}.`);
  const actions = items.map((item) => {
    const kinds = Object.keys(item).filter((name) => item[name] !== undefined);
    const kind = KINDS.find((name) => name === kinds[0]);
    if (kind === undefined || kinds.length > 1)
      throw unsupported(`the transaction's action ${kinds.join(", ")}`, KINDS);
    return { kind, input: item[kind] as Input };
  });
  if (new Set(actions.map((action) => JSON.stringify(keyOf(action)))).size < actions.length)
    throw invalid("Transaction request cannot include multiple operations on one item");
  return actions;
}

function keyOf({ kind, input: { Item, Key } }: Action): unknown {
  if (kind === "ConditionCheck") return Key;
  if (!isRecord(Item)) throw invalid("Item is required.");
  return { pk: Item.pk, sk: Item.sk };
}

/** A condition, as an operation asks that has a key and nothing else. */
function conditionOf(action: Action): Input {
  const { Item: _, Key: __, ...input } = action.input;
  return { ...input, Key: keyOf(action) };
}

function cancelled(actions: readonly Action[], held: readonly Held[]): AwsError {
  const reasons = held.map(({ holds, existing }, i) => {
    if (holds) return { Code: "None" };
    const tells = actions[i]?.input.ReturnValuesOnConditionCheckFailure === "ALL_OLD" && existing !== undefined;
    return {
      Code: "ConditionalCheckFailed",
      Message: "The conditional request failed",
      ...(tells && { Item: existing }),
    };
  });
  const codes = reasons.map(({ Code }) => Code).join(", ");
  const text = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  const units = sum(held.map(({ existing }) => unitsOf(existing)));
  return new TransactionCancelled(text, reasons, units);
}

/** It is billed all the same: by what it looked at. */
export class TransactionCancelled extends AwsError {
  readonly units: number;

  constructor(text: string, reasons: readonly object[], units: number) {
    super("TransactionCanceledException", text, 400, { CancellationReasons: reasons });
    this.units = units;
  }
}

const unitsOf = (item: Item | undefined): number => writeUnits(item === undefined ? 0 : itemSize(item));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
