import type { Clock } from "../../sdk/protocol/clock.ts";
import { arnOf, queueArn, queueNameOf } from "../arn.ts";
import { AwsError, invalid, unsupported } from "../aws-error.ts";
import { type Input, isRecord, optionalNumber, optionalText, record, text } from "../input.ts";
import type { LocalLog } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Random } from "../random.ts";
import type { Store } from "../store.ts";
import { bodyJson, json, jsonError, type Service, type WireRequest } from "../wire.ts";
import { type Expression, nextTime, parseExpression } from "./schedule-expression.ts";
import type { Sqs } from "./sqs.ts";

const DEFAULT_GROUP = "default";
const NAME = /^[0-9a-zA-Z-_.]{1,64}$/;
const CLIENT_TOKEN = /^[a-zA-Z0-9-_]{1,64}$/;
const SEND_MESSAGE = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage";
const MINUTE_MS = 60_000;

/** A schedule as it was given by the API, and as it is stored. Times in ms since the epoch. */
interface Schedule {
  readonly group: string;
  readonly name: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly state: "ENABLED" | "DISABLED";
  readonly afterCompletion: "NONE" | "DELETE";
  readonly window: Input;
  readonly target: { readonly Arn: string; readonly RoleArn: string; readonly Input?: string };
  readonly description?: string;
  readonly start?: number;
  readonly end?: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** The nominal time that was fired last. */
  readonly firedFor?: number;
}

export interface Scheduler {
  readonly service: Service;
  /** What the schedules are going to send. */
  inputs(): readonly string[];
  restore(): Promise<void>;
  stop(): void;
}

export interface SchedulerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly meter: Meter;
  readonly sqs: Sqs;
  readonly log: LocalLog;
  readonly jitter: boolean;
}

/** The schedules and their timers, without the API around them. */
class Schedules {
  readonly groups = new Set([DEFAULT_GROUP]);
  readonly #deps: SchedulerDeps;
  readonly #all = new Map<string, { readonly schedule: Schedule; readonly cancel: () => void }>();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  get(group: string, name: string): Schedule | undefined {
    return this.#all.get(`${group}/${name}`)?.schedule;
  }

  list(): readonly Schedule[] {
    return [...this.#all.values()].map(({ schedule }) => schedule);
  }

  set(schedule: Schedule): void {
    const key = keyOf(schedule);
    this.#all.get(key)?.cancel();
    this.#deps.store.put(`schedule/${key}`, schedule);
    this.#all.set(key, { schedule, cancel: this.#arm(schedule) });
  }

  delete(schedule: Schedule): void {
    const key = keyOf(schedule);
    this.#all.get(key)?.cancel();
    this.#all.delete(key);
    this.#deps.store.delete(`schedule/${key}`);
  }

  addGroup(name: string): void {
    this.groups.add(name);
    this.#deps.store.put(`group/${name}`, true);
  }

  stop(): void {
    for (const { cancel } of this.#all.values()) cancel();
  }

  #arm(schedule: Schedule): () => void {
    const { clock, random, jitter } = this.#deps;
    if (schedule.state === "DISABLED") return () => {};
    const due = dueTime(schedule, parseExpression(schedule.expression, schedule.timeZone));
    if (due === undefined) return () => {};
    const late = jitter ? Math.floor(random.fraction() * MINUTE_MS) : 0;
    return clock.at(due + late, () => this.#fire(schedule, due));
  }

  #fire(schedule: Schedule, due: number): void {
    const { sqs, meter, log, random } = this.#deps;
    meter.bill("schedulerInvocations", 1);
    const message = messageOf(schedule, due, random.uuid());
    if (sqs.queue(message.queue) === undefined) {
      log("error", `The schedule ${keyOf(schedule)} has a target that does not exist`, { arn: schedule.target.Arn });
    } else sqs.deliver(message.queue, message.body);
    const fired = { ...schedule, firedFor: due };
    const over = dueTime(fired, parseExpression(schedule.expression, schedule.timeZone)) === undefined;
    if (over && schedule.afterCompletion === "DELETE") this.delete(schedule);
    else this.set(fired);
  }
}

const keyOf = ({ group, name }: Schedule) => `${group}/${name}`;

/** An `at()` that is past fires once, at once; a rate or a cron goes on from its last time, also over a restart. */
function dueTime(schedule: Schedule, expression: Expression): number | undefined {
  const { firedFor, createdAt, start } = schedule;
  if (expression.kind === "at") return firedFor === undefined ? expression.time : undefined;
  const anchor = Math.max(createdAt, start ?? 0);
  const next = nextTime(expression, firedFor ?? anchor, anchor);
  return next === undefined || (schedule.end !== undefined && next > schedule.end) ? undefined : next;
}

/** What goes to which queue, with the context attributes filled in. */
function messageOf({ target }: Schedule, due: number, executionId: string) {
  const fill = (template: string) =>
    template
      .replaceAll("<aws.scheduler.scheduled-time>", new Date(due).toISOString().replace(".000Z", "Z"))
      .replaceAll("<aws.scheduler.execution-id>", executionId)
      .replaceAll("<aws.scheduler.attempt-number>", "1");
  const input = fill(target.Input ?? "");
  if (target.Arn !== SEND_MESSAGE) return { queue: target.Arn, body: input };
  const request: unknown = JSON.parse(input);
  const [url, body] = isRecord(request) ? [request.QueueUrl, request.MessageBody] : [];
  return { queue: queueArn(String(url).split("/").at(-1) ?? ""), body: String(body) };
}

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const schedules = new Schedules(deps);
  const restore = async () => {
    for (const [key] of await deps.store.entries("group/")) schedules.groups.add(key.slice("group/".length));
    for (const [, schedule] of await deps.store.entries<Schedule>("schedule/")) schedules.set(schedule);
  };
  const service: Service = (request) => {
    try {
      const [operation, run] = route(request, schedules, deps);
      deps.meter.call("scheduler", operation);
      return json(run(), 200, { "content-type": "application/json" });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return jsonError(error, { "content-type": "application/json" });
    }
  };
  const inputs = () => schedules.list().map(({ target }) => target.Input ?? "");
  return { service, inputs, restore, stop: () => schedules.stop() };
}

type Route = readonly [operation: string, run: () => object];

function route(request: WireRequest, schedules: Schedules, deps: SchedulerDeps): Route {
  const [, kind, encoded] = /^\/(schedules|schedule-groups)(?:\/([^/]+))?$/.exec(request.path) ?? [];
  const name = encoded === undefined ? undefined : decodeURIComponent(encoded);
  const { method, query } = request;
  if (kind === "schedule-groups" && name !== undefined) {
    if (method === "POST") return ["CreateScheduleGroup", () => createGroup(name, schedules)];
    if (method === "GET") return ["GetScheduleGroup", () => getGroup(name, schedules)];
  }
  if (kind === "schedules" && name === undefined && method === "GET") {
    return ["ListSchedules", () => listSchedules(query, schedules)];
  }
  if (kind === "schedules" && name !== undefined) {
    const input = method === "GET" || method === "DELETE" ? {} : bodyJson(request);
    const group = query.groupName ?? optionalText(input, "GroupName") ?? DEFAULT_GROUP;
    const existing = () => {
      const found = schedules.get(group, name);
      if (found === undefined) throw new AwsError("ResourceNotFoundException", `Schedule ${name} does not exist.`, 404);
      return found;
    };
    if (method === "POST") return ["CreateSchedule", () => createSchedule(group, name, input, schedules, deps)];
    if (method === "PUT") return ["UpdateSchedule", () => updateSchedule(existing(), input, schedules, deps)];
    if (method === "GET") return ["GetSchedule", () => toWire(existing())];
    if (method === "DELETE") {
      return [
        "DeleteSchedule",
        () => {
          schedules.delete(existing());
          return {};
        },
      ];
    }
  }
  const supported =
    "CreateSchedule, UpdateSchedule, GetSchedule, DeleteSchedule, ListSchedules, CreateScheduleGroup, GetScheduleGroup";
  throw unsupported(`Scheduler ${method} ${request.path}`, [supported]);
}

const groupArn = (name: string) => arnOf("scheduler", `schedule-group/${name}`);
const scheduleArn = ({ group, name }: Schedule) => arnOf("scheduler", `schedule/${group}/${name}`);

function createGroup(name: string, schedules: Schedules) {
  if (!NAME.test(name)) throw invalid(`The group name ${name} does not match ${NAME.source}.`);
  if (schedules.groups.has(name)) {
    throw new AwsError("ConflictException", `Schedule group ${name} already exists.`, 409);
  }
  schedules.addGroup(name);
  return { ScheduleGroupArn: groupArn(name) };
}

function getGroup(name: string, { groups }: Schedules) {
  if (!groups.has(name)) throw new AwsError("ResourceNotFoundException", `Schedule group ${name} does not exist.`, 404);
  return { Arn: groupArn(name), Name: name, State: "ACTIVE" };
}

function createSchedule(group: string, name: string, input: Input, schedules: Schedules, deps: SchedulerDeps) {
  if (!NAME.test(name)) throw invalid(`The name ${name} does not match ${NAME.source}.`);
  if (!schedules.groups.has(group)) {
    throw new AwsError("ResourceNotFoundException", `Schedule group ${group} does not exist.`, 404);
  }
  if (schedules.get(group, name) !== undefined) {
    throw new AwsError("ConflictException", `Schedule ${name} already exists.`, 409);
  }
  const schedule = toSchedule(group, name, input, deps.clock.now());
  schedules.set(schedule);
  return { ScheduleArn: scheduleArn(schedule) };
}

/** An update replaces everything: what is not given is reset, as in AWS. */
function updateSchedule(existing: Schedule, input: Input, schedules: Schedules, deps: SchedulerDeps) {
  const updated = toSchedule(existing.group, existing.name, input, deps.clock.now());
  schedules.set({ ...updated, createdAt: existing.createdAt });
  return { ScheduleArn: scheduleArn(existing) };
}

function toSchedule(group: string, name: string, input: Input, now: number): Schedule {
  const token = optionalText(input, "ClientToken");
  if (token !== undefined && !CLIENT_TOKEN.test(token)) {
    throw invalid(`The ClientToken ${token} does not match ${CLIENT_TOKEN.source}.`);
  }
  const timeZone = optionalText(input, "ScheduleExpressionTimezone") ?? "UTC";
  const expression = text(input, "ScheduleExpression");
  parseExpression(expression, timeZone);
  const window = record(input, "FlexibleTimeWindow");
  text(window, "Mode");
  const [start, end] = [optionalNumber(input, "StartDate"), optionalNumber(input, "EndDate")];
  const description = optionalText(input, "Description");
  return {
    group,
    name,
    expression,
    timeZone,
    state: input.State === "DISABLED" ? "DISABLED" : "ENABLED",
    afterCompletion: input.ActionAfterCompletion === "DELETE" ? "DELETE" : "NONE",
    window,
    target: toTarget(record(input, "Target")),
    ...(description !== undefined && { description }),
    ...(start !== undefined && { start: start * 1000 }),
    ...(end !== undefined && { end: end * 1000 }),
    createdAt: now,
    modifiedAt: now,
  };
}

function toTarget(input: Input): Schedule["target"] {
  const arn = text(input, "Arn");
  const body = optionalText(input, "Input");
  if (arn !== SEND_MESSAGE && queueNameOf(arn) === undefined) {
    throw unsupported(`the Scheduler target ${arn}`, ["SQS queues", SEND_MESSAGE]);
  }
  return { Arn: arn, RoleArn: text(input, "RoleArn"), ...(body !== undefined && { Input: body }) };
}

function listSchedules(query: Readonly<Record<string, string>>, schedules: Schedules) {
  const size = Number(query.MaxResults ?? 100);
  const from = Number(query.NextToken ?? 0);
  const found = schedules
    .list()
    .filter(({ group }) => query.ScheduleGroup === undefined || group === query.ScheduleGroup)
    .filter(({ name }) => name.startsWith(query.NamePrefix ?? ""))
    .filter(({ state }) => query.State === undefined || state === query.State);
  const more = found.length > from + size;
  return {
    Schedules: found.slice(from, from + size).map((schedule) => ({
      Arn: scheduleArn(schedule),
      GroupName: schedule.group,
      Name: schedule.name,
      State: schedule.state,
      CreationDate: schedule.createdAt / 1000,
      LastModificationDate: schedule.modifiedAt / 1000,
      Target: { Arn: schedule.target.Arn },
    })),
    ...(more && { NextToken: String(from + size) }),
  };
}

const toWire = (schedule: Schedule) => ({
  Arn: scheduleArn(schedule),
  GroupName: schedule.group,
  Name: schedule.name,
  ScheduleExpression: schedule.expression,
  ScheduleExpressionTimezone: schedule.timeZone,
  State: schedule.state,
  ActionAfterCompletion: schedule.afterCompletion,
  FlexibleTimeWindow: schedule.window,
  Target: schedule.target,
  ...(schedule.description !== undefined && { Description: schedule.description }),
  ...(schedule.start !== undefined && { StartDate: schedule.start / 1000 }),
  ...(schedule.end !== undefined && { EndDate: schedule.end / 1000 }),
  CreationDate: schedule.createdAt / 1000,
  LastModificationDate: schedule.modifiedAt / 1000,
});
