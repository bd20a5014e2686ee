import type { Clock } from "../../sdk/protocol/clock.ts";
import type { Activity } from "../activity.ts";
import { ACCOUNT, queueNameOf } from "../arn.ts";
import { AwsError } from "../aws-error.ts";
import { type Input, list, optionalText, record } from "../input.ts";
import { chunks, type Meter } from "../meter.ts";
import type { Random } from "../random.ts";
import type { Store } from "../store.ts";
import { type JsonOperation, jsonService, type Service } from "../wire.ts";
import { checkAttributes, describe, invalidParameter, settingsOf } from "./sqs-attributes.ts";
import { messageOperations } from "./sqs-messages.ts";
import { type Message, type MessageState, Queue } from "./sqs-queue.ts";

export interface Sqs {
  readonly service: Service;
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Queue;
  queue(arn: string): Queue | undefined;
  queueUrl(name: string): string;
  /** For other AWS services: enqueues on the user's bill. Throws AwsError when there is no such queue. */
  deliver(queueArn: string, body: string): Message;
  /** For tests and tools: what lies in a queue, in order of arrival. */
  messages(name: string): readonly { readonly id: string; readonly body: string; readonly state: MessageState }[];
  restore(): Promise<void>;
}

export interface SqsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly meter: Meter;
  readonly activity: Activity;
  /** The cloud's own address. */
  readonly url: () => string;
}

export function createSqs(deps: SqsDeps): Sqs {
  const queues = new Map<string, Queue>();
  const queue = (arn: string) => queues.get(queueNameOf(arn) ?? "");
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    const opened = new Queue(name, attributes, settingsOf(attributes), { ...deps, queue });
    queues.set(name, opened);
    return opened;
  };
  const named = (name: string) => {
    const found = queues.get(name);
    if (found === undefined) throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    return found;
  };
  const queueUrl = (name: string) => `${deps.url()}/${ACCOUNT}/${name}`;
  const bill = (bytes: number) => deps.meter.bill("queueRequests", chunks(bytes));

  const createQueue = (name: string, attributes: Readonly<Record<string, string>> = {}) => {
    if (!/^[\w-]{1,80}(\.fifo)?$/.test(name)) throw invalidParameter(name, "QueueName", "1 to 80 of a-z A-Z 0-9 - _.");
    const checked = checkAttributes(name.endsWith(".fifo") ? { FifoQueue: "true" } : attributes);
    const existing = queues.get(name);
    if (existing === undefined) {
      deps.store.put(`queue/${name}`, checked);
      return open(name, checked);
    }
    const differs = Object.entries(checked).some(([key, value]) => describe(existing)[key] !== value);
    if (differs) throw new AwsError("QueueNameExists", `A queue named ${name} exists, with other attributes.`);
    return existing;
  };

  const deliver = (arn: string, body: string) => {
    const target = named(queueNameOf(arn) ?? arn);
    deps.meter.call("sqs", "SendMessage");
    bill(Buffer.byteLength(body));
    return target.send(body);
  };

  const restore = async () => {
    for (const [key, attributes] of await deps.store.entries<Record<string, string>>("queue/")) {
      open(key.slice("queue/".length), attributes);
    }
    const stored = await deps.store.entries<Message>("message/");
    const ordered = [...stored].sort(([, a], [, b]) => a.sequence - b.sequence);
    for (const [key, message] of ordered) queues.get(key.split("/")[1] ?? "")?.restore(message);
  };

  const drop = (name: string) => {
    named(name).purge();
    queues.delete(name);
    deps.store.delete(`queue/${name}`);
  };

  const queueOf = (input: Input) => named((optionalText(input, "QueueUrl") ?? "").split("/").at(-1) ?? "");
  const operations = {
    ...queueOperations({ queues, named, queueOf, createQueue, queueUrl, drop, store: deps.store }),
    ...messageOperations(queueOf, deps, bill),
  };
  const service = jsonService("SQS", operations, {
    count: (operation) => {
      deps.meter.call("sqs", operation);
      if (!SIZED.includes(operation)) bill(0);
    },
    error: ({ name }): Record<string, string> =>
      name === "QueueDoesNotExist" ? { "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender" } : {},
  });
  const messages = (name: string) =>
    named(name)
      .messages()
      .map(({ message, state }) => ({ id: message.id, body: message.body, state }));
  return { service, createQueue, queue, queueUrl, deliver, messages, restore };
}

/** Operations whose price depends on their payload; they bill themselves. */
const SIZED = ["SendMessage", "SendMessageBatch", "ReceiveMessage"];

interface QueueTools {
  readonly queues: ReadonlyMap<string, Queue>;
  readonly named: (name: string) => Queue;
  readonly queueOf: (input: Input) => Queue;
  readonly createQueue: Sqs["createQueue"];
  readonly queueUrl: (name: string) => string;
  readonly drop: (name: string) => void;
  readonly store: Store;
}

function queueOperations(tools: QueueTools): Record<string, JsonOperation> {
  const { queues, named, queueOf, createQueue, queueUrl } = tools;
  return {
    CreateQueue: (input) => {
      const attributes = checkAttributes(record(input, "Attributes"));
      return { QueueUrl: queueUrl(createQueue(optionalText(input, "QueueName") ?? "", attributes).name) };
    },
    GetQueueUrl: (input) => ({ QueueUrl: queueUrl(named(optionalText(input, "QueueName") ?? "").name) }),
    ListQueues: (input) => {
      const prefix = optionalText(input, "QueueNamePrefix") ?? "";
      return { QueueUrls: [...queues.keys()].filter((name) => name.startsWith(prefix)).map(queueUrl) };
    },
    GetQueueAttributes: (input) => {
      const wanted = list(input, "AttributeNames");
      const all = Object.entries(describe(queueOf(input)));
      return {
        Attributes: Object.fromEntries(all.filter(([name]) => wanted.includes("All") || wanted.includes(name))),
      };
    },
    SetQueueAttributes: (input) => {
      const queue = queueOf(input);
      queue.attributes = { ...queue.attributes, ...checkAttributes(record(input, "Attributes")) };
      queue.settings = settingsOf(queue.attributes);
      tools.store.put(`queue/${queue.name}`, queue.attributes);
    },
    PurgeQueue: (input) => queueOf(input).purge(),
    DeleteQueue: (input) => tools.drop(queueOf(input).name),
  };
}
