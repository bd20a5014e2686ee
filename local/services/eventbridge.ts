import type { Clock } from "../../sdk/protocol/clock.ts";
import { ACCOUNT, arnOf, queueNameOf, REGION } from "../arn.ts";
import { AwsError, invalid, unsupported } from "../aws-error.ts";
import { type Input, isRecord, list, optionalNumber, optionalText, records, text } from "../input.ts";
import type { LocalLog } from "../log.ts";
import { chunks, type Meter } from "../meter.ts";
import type { Random } from "../random.ts";
import type { Store } from "../store.ts";
import { type JsonOperation, jsonService, type Service } from "../wire.ts";
import { compilePattern, type Matches } from "./event-pattern.ts";
import type { Sqs } from "./sqs.ts";

const ENTRIES_MAX = 10;
const REQUEST_BYTES_MAX = 1_048_576;
const TARGETS_MAX = 5;
const DEFAULT_BUS = "default";

interface Target {
  readonly id: string;
  readonly arn: string;
}

interface Rule {
  readonly name: string;
  readonly pattern: string;
  readonly state: "ENABLED" | "DISABLED";
  readonly targets: readonly Target[];
}

interface Bus {
  readonly name: string;
  readonly rules: Map<string, Rule & { readonly matches: Matches }>;
}

export interface EventBridge {
  readonly service: Service;
  createBus(name: string): void;
  /** Sets a rule with its targets, whether or not it was there. */
  putRule(bus: string, name: string, pattern: object, targetArns: readonly string[]): void;
  restore(): Promise<void>;
}

export interface EventBridgeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly meter: Meter;
  readonly sqs: Sqs;
  readonly log: LocalLog;
}

export function createEventBridge(deps: EventBridgeDeps): EventBridge {
  const buses = new Map<string, Bus>([[DEFAULT_BUS, { name: DEFAULT_BUS, rules: new Map() }]]);
  const warned = new Set<string>();
  const save = (bus: Bus) => deps.store.put(bus.name, [...bus.rules.values()]);
  const bus = (input: Input) => {
    const name = (optionalText(input, "EventBusName") ?? optionalText(input, "Name") ?? DEFAULT_BUS).split("/").at(-1);
    const found = buses.get(name ?? "");
    if (found === undefined) throw notFound(`Event bus ${name} does not exist.`);
    return found;
  };
  const createBus = (name: string) => {
    const created: Bus = { name, rules: new Map() };
    buses.set(name, created);
    save(created);
  };
  const setRule = (on: Bus, rule: Rule) => {
    on.rules.set(rule.name, { ...rule, matches: compilePattern(rule.pattern) });
    save(on);
  };
  const service = jsonService(
    "EventBridge",
    {
      ...busOperations({ buses, bus, createBus, deps }),
      ...ruleOperations({ bus, setRule, save }),
      TestEventPattern: (input) => ({ Result: compilePattern(text(input, "EventPattern"))(eventOf(input)) }),
      PutEvents: (input) => putEvents(input, { ...deps, buses, warned }),
    },
    { count: (operation) => deps.meter.call("eventbridge", operation) },
  );
  const putRule: EventBridge["putRule"] = (busName, name, pattern, targetArns) => {
    const targets = targetArns.map((arn, index) => checkTarget({ Id: String(index), Arn: arn }));
    setRule(bus({ EventBusName: busName }), { name, pattern: JSON.stringify(pattern), state: "ENABLED", targets });
  };
  const restore = async () => {
    for (const [name, rules] of await deps.store.entries<Rule[]>()) {
      const compiled = rules.map((rule) => [rule.name, { ...rule, matches: compilePattern(rule.pattern) }] as const);
      buses.set(name, { name, rules: new Map(compiled) });
    }
  };
  return { service, createBus: (name) => void (buses.has(name) || createBus(name)), putRule, restore };
}

function eventOf(input: Input): unknown {
  try {
    return JSON.parse(text(input, "Event"));
  } catch {
    throw invalid("Event is malformed.");
  }
}

const notFound = (message: string) => new AwsError("ResourceNotFoundException", message);
const busArn = (name: string) => arnOf("events", `event-bus/${name}`);

interface BusTools {
  readonly buses: Map<string, Bus>;
  readonly bus: (input: Input) => Bus;
  readonly createBus: (name: string) => void;
  readonly deps: EventBridgeDeps;
}

const busOperations = ({ buses, bus, createBus, deps }: BusTools): Record<string, JsonOperation> => ({
  CreateEventBus: (input) => {
    const name = text(input, "Name");
    if (buses.has(name)) throw new AwsError("ResourceAlreadyExistsException", `Event bus ${name} already exists.`);
    createBus(name);
    return { EventBusArn: busArn(name) };
  },
  DeleteEventBus: (input) => {
    const name = text(input, "Name");
    if (name === DEFAULT_BUS) throw invalid("Cannot delete event bus default.");
    if (buses.get(name)?.rules.size) throw invalid("Event bus can't be deleted since it has rules.");
    buses.delete(name);
    deps.store.delete(name);
  },
  DescribeEventBus: (input) => {
    const { name } = bus(input);
    return { Name: name, Arn: busArn(name) };
  },
});

interface RuleTools {
  readonly bus: (input: Input) => Bus;
  readonly setRule: (bus: Bus, rule: Rule) => void;
  readonly save: (bus: Bus) => void;
}

function ruleOperations({ bus, setRule, save }: RuleTools): Record<string, JsonOperation> {
  const ruleOf = (input: Input, name = text(input, "Rule")) => {
    const rule = bus(input).rules.get(name);
    if (rule === undefined) throw notFound(`Rule ${name} does not exist on EventBus ${bus(input).name}.`);
    return rule;
  };
  const arn = (on: Bus, name: string) => arnOf("events", `rule/${on.name === DEFAULT_BUS ? "" : `${on.name}/`}${name}`);
  const busOf = (input: Input) => bus({ EventBusName: input.EventBusName });
  return {
    PutRule: (input) => {
      if (input.ScheduleExpression !== undefined) throw unsupported("EventBridge rules with a ScheduleExpression");
      const [on, name, pattern] = [busOf(input), text(input, "Name"), text(input, "EventPattern")];
      const state = input.State === "DISABLED" ? "DISABLED" : "ENABLED";
      setRule(on, { name, pattern, state, targets: on.rules.get(name)?.targets ?? [] });
      return { RuleArn: arn(on, name) };
    },
    PutTargets: (input) => {
      const [on, rule] = [busOf(input), ruleOf(input)];
      const added = records(input, "Targets").map(checkTarget);
      const kept = rule.targets.filter(({ id }) => !added.some((target) => target.id === id));
      const targets = [...kept, ...added];
      if (targets.length > TARGETS_MAX)
        throw new AwsError("LimitExceededException", `A rule has ${TARGETS_MAX} targets.`);
      setRule(on, { ...rule, targets });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: (input) => {
      const [on, rule, ids] = [busOf(input), ruleOf(input), list(input, "Ids")];
      setRule(on, { ...rule, targets: rule.targets.filter(({ id }) => !ids.includes(id)) });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    DeleteRule: (input) => {
      const [on, name] = [busOf(input), text(input, "Name")];
      if (on.rules.get(name)?.targets.length) throw invalid("Rule can't be deleted since it has targets.");
      on.rules.delete(name);
      save(on);
    },
    ListRules: (input) => {
      const on = busOf(input);
      const prefix = optionalText(input, "NamePrefix") ?? "";
      const rules = [...on.rules.values()].filter(({ name }) => name.startsWith(prefix));
      return {
        Rules: rules.map(({ name, pattern, state }) => ({
          Name: name,
          Arn: arn(on, name),
          EventPattern: pattern,
          State: state,
          EventBusName: on.name,
        })),
      };
    },
    ListTargetsByRule: (input) => ({ Targets: ruleOf(input).targets.map(({ id, arn }) => ({ Id: id, Arn: arn })) }),
  };
}

/** Settings of a target that change nothing here, or that the local cloud does better without. */
const TARGET_MEMBERS = ["Id", "Arn", "RoleArn", "RetryPolicy", "DeadLetterConfig"];

function checkTarget(input: Input): Target {
  const target = { id: text(input, "Id"), arn: text(input, "Arn") };
  const other = Object.keys(input).find((member) => !TARGET_MEMBERS.includes(member));
  if (other !== undefined) throw unsupported(`EventBridge targets with ${other}`);
  if (queueNameOf(target.arn) === undefined) throw unsupported(`the EventBridge target ${target.arn}`, ["SQS queues"]);
  return target;
}

interface PutDeps extends EventBridgeDeps {
  readonly buses: ReadonlyMap<string, Bus>;
  /** Names of events that went nowhere, of which somebody has been told. */
  readonly warned: Set<string>;
}

function putEvents(input: Input, deps: PutDeps) {
  const entries = records(input, "Entries");
  if (entries.length < 1 || entries.length > ENTRIES_MAX) {
    throw invalid(
      `1 validation error detected: 'entries' must have 1 to ${ENTRIES_MAX} members, not ${entries.length}.`,
    );
  }
  const size = entries.reduce((sum, entry) => sum + entrySize(entry), 0);
  if (size > REQUEST_BYTES_MAX) throw invalid(`Total size of the entries in the request is over the limit: ${size}.`);
  const Entries = entries.map((entry) => putEntry(entry, deps));
  return { FailedEntryCount: Entries.filter((entry) => "ErrorCode" in entry).length, Entries };
}

function putEntry(entry: Input, deps: PutDeps) {
  const problem = problemOf(entry);
  if (problem !== undefined) return { ErrorCode: problem[0], ErrorMessage: problem[1] };
  deps.meter.bill("eventEntries", chunks(entrySize(entry)));
  const id = deps.random.uuid();
  const busName = (optionalText(entry, "EventBusName") ?? DEFAULT_BUS).split("/").at(-1) ?? "";
  const bus = deps.buses.get(busName);
  if (bus === undefined) {
    deps.log("warn", `PutEvents to the bus ${busName}, which does not exist: dropped, as in AWS`, { id });
    return { EventId: id };
  }
  if (busName === DEFAULT_BUS && bus.rules.size === 0) warnOfDefaultBus(String(entry.DetailType), deps);
  const event = toEvent(entry, id, deps.clock.now());
  for (const rule of bus.rules.values()) {
    if (rule.state === "ENABLED" && rule.matches(event)) deliver(event, rule, deps);
  }
  return { EventId: id };
}

/** A forgotten EventBusName is no error in AWS, nor here: the event is gone, and nobody would know why. */
function warnOfDefaultBus(name: string, { buses, warned, log }: PutDeps): void {
  if (warned.has(name)) return;
  warned.add(name);
  const others = [...buses.keys()].filter((bus) => bus !== DEFAULT_BUS).map((bus) => `"${bus}"`);
  const hint = others.length === 0 ? "" : ` The engine's bus is named ${others.join(", ")}: set EventBusName.`;
  log("warn", `PutEvents of "${name}" to the default bus, which has no rules here: dropped.${hint}`);
}

function deliver(event: object, rule: Rule, { sqs, log }: EventBridgeDeps): void {
  for (const { arn } of rule.targets) {
    if (sqs.queue(arn) === undefined) log("error", `The rule ${rule.name} has a target that does not exist`, { arn });
    else sqs.deliver(arn, JSON.stringify(event));
  }
}

/** EventBridge keeps whole seconds. */
function toEvent(entry: Input, id: string, now: number): object {
  const seconds = optionalNumber(entry, "Time") ?? now / 1000;
  return {
    version: "0",
    id,
    "detail-type": entry.DetailType,
    source: entry.Source,
    account: ACCOUNT,
    time: new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z"),
    region: REGION,
    resources: list(entry, "Resources"),
    detail: JSON.parse(String(entry.Detail)) as unknown,
  };
}

function problemOf(entry: Input): readonly [code: string, message: string] | undefined {
  for (const member of ["Source", "DetailType", "Detail"]) {
    const value = entry[member];
    if (typeof value !== "string" || value === "") {
      return ["InvalidArgument", `Parameter ${member} is not valid. Reason: ${member} is a required argument.`];
    }
  }
  if (String(entry.Source).startsWith("aws.")) {
    return ["NotAuthorizedForSourceException", `Not authorized for the source ${String(entry.Source)}.`];
  }
  if (String(entry.DetailType).length > 128)
    return ["InvalidArgument", "Parameter DetailType is not valid. Reason: longer than 128."];
  return isJsonObject(String(entry.Detail)) ? undefined : ["MalformedDetail", "Detail is malformed."];
}

function isJsonObject(detail: string): boolean {
  try {
    const value: unknown = JSON.parse(detail);
    // Nested too deeply to be written again is malformed too.
    return isRecord(value) && JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/** As documented: time 14 bytes, and the UTF-8 length of source, detail type, detail and resources. */
const entrySize = (entry: Input): number =>
  (entry.Time === undefined ? 0 : 14) +
  [entry.Source, entry.DetailType, entry.Detail, ...list(entry, "Resources")].reduce<number>(
    (sum, part) => sum + (typeof part === "string" ? Buffer.byteLength(part) : 0),
    0,
  );
