import type { Clock } from "../../sdk/protocol/clock.ts";
import { queueArn } from "../arn.ts";
import type { Random } from "../random.ts";
import type { Store } from "../store.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly groupId?: string;
  readonly sentAt: number;
  /** Order of arrival. */
  readonly sequence: number;
  receiveCount: number;
  firstReceivedAt?: number;
  /** When it can be received (again), in ms since the epoch. */
  visibleAt: number;
  /** Of its latest receive; earlier handles do nothing. */
  receipt?: string;
  /** An invocation of this cloud has it, and has not said yet when it is to come back. */
  untouched?: boolean;
  deadLetterSource?: string;
}

export type MessageState = "visible" | "inflight" | "delayed";

/** A queue's settings; times in milliseconds. */
export interface QueueSettings {
  readonly visibilityMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly receiveWaitMs: number;
  /** Of a message. */
  readonly bytesMax: number;
  readonly redrive?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
}

export interface QueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  /** Finds a dead-letter queue. */
  readonly queue: (arn: string) => Queue | undefined;
}

/** The messages of one standard queue. Nothing polls: a hidden message has a timer, and who waits for messages is called. */
export class Queue {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  settings: QueueSettings;
  /** As given by the API, for GetQueueAttributes. */
  attributes: Readonly<Record<string, string>>;
  readonly #deps: QueueDeps;
  readonly #visible = new Map<string, Message>();
  readonly #hidden = new Map<string, { readonly message: Message; readonly cancel: () => void }>();
  readonly #listeners = new Set<() => void>();
  #sequence = 0;

  constructor(name: string, attributes: Readonly<Record<string, string>>, settings: QueueSettings, deps: QueueDeps) {
    this.name = name;
    this.arn = queueArn(name);
    this.attributes = attributes;
    this.settings = settings;
    this.createdAt = deps.clock.now();
    this.#deps = deps;
  }

  send(body: string, options: { delayMs?: number | undefined; attributes?: object; groupId?: string } = {}): Message {
    const now = this.#deps.clock.now();
    const message: Message = {
      id: this.#deps.random.uuid(),
      body,
      sentAt: now,
      sequence: this.#sequence++,
      receiveCount: 0,
      visibleAt: now + (options.delayMs ?? this.settings.delayMs),
      ...(options.attributes !== undefined && { attributes: options.attributes as Record<string, unknown> }),
      ...(options.groupId !== undefined && { groupId: options.groupId }),
    };
    this.#put(message);
    return message;
  }

  /** Receives up to `max` messages and hides them. Those received too often go to the dead-letter queue instead. */
  receive(max: number, visibilityMs = this.settings.visibilityMs, untouched = false): readonly Message[] {
    const { clock, random } = this.#deps;
    const now = clock.now();
    const received: Message[] = [];
    for (const message of this.#visible.values()) {
      if (received.length >= max) break;
      if (this.#expired(message, now)) this.#remove(message);
      else if (this.#wornOut(message)) this.#moveToDeadLetters(message);
      else received.push(message);
    }
    for (const message of received) {
      message.receiveCount++;
      message.firstReceivedAt ??= now;
      message.receipt = Buffer.from(`${message.id}:${random.token(24)}`).toString("base64url");
      message.visibleAt = now + visibilityMs;
      message.untouched = untouched;
      this.#visible.delete(message.id);
      this.#put(message);
    }
    return received;
  }

  /** Receives for an invocation, which does not outlive the cloud: see `restore`. */
  take(max: number): readonly Message[] {
    return this.receive(max, this.settings.visibilityMs, true);
  }

  /** Deletes by receipt handle. An old handle is accepted, and does nothing. */
  delete(receipt: string): void {
    const message = this.#find(receipt);
    if (message !== undefined) this.#remove(message);
  }

  changeVisibility(receipt: string, visibilityMs: number): "ok" | "gone" | "not in flight" {
    const message = this.#find(receipt);
    if (message === undefined) return "gone";
    const hidden = this.#hidden.get(message.id);
    if (hidden === undefined) return "not in flight";
    hidden.cancel();
    this.#hidden.delete(message.id);
    message.visibleAt = this.#deps.clock.now() + visibilityMs;
    message.untouched = false;
    this.#put(message);
    return "ok";
  }

  purge(): void {
    for (const { message } of this.messages()) this.#remove(message);
  }

  /** Calls `wake` whenever a message has become visible. Returns how to stop. */
  onVisible(wake: () => void): () => void {
    this.#listeners.add(wake);
    return () => this.#listeners.delete(wake);
  }

  get visibleCount(): number {
    return this.#visible.size;
  }

  /** All messages in order of arrival, for inspection. */
  messages(): readonly { readonly message: Message; readonly state: MessageState }[] {
    const now = this.#deps.clock.now();
    const all = [...this.#visible.values(), ...[...this.#hidden.values()].map(({ message }) => message)];
    return all
      .filter((message) => !this.#expired(message, now))
      .sort((a, b) => a.sequence - b.sequence)
      .map((message) => ({ message, state: this.#stateOf(message) }));
  }

  /** Takes back a message that was stored before a restart. At once, if it was with an invocation that had not begun with it. */
  restore(message: Message): void {
    this.#sequence = Math.max(this.#sequence, message.sequence + 1);
    if (message.untouched) message.visibleAt = Math.min(message.visibleAt, this.#deps.clock.now());
    this.#put(message);
  }

  /** Takes in a message that wore out another queue. */
  bury(message: Message, source: string): void {
    const { receipt: _receipt, firstReceivedAt: _first, ...rest } = message;
    const visibleAt = this.#deps.clock.now();
    this.#put({ ...rest, sequence: this.#sequence++, receiveCount: 0, visibleAt, deadLetterSource: source });
  }

  #stateOf(message: Message): MessageState {
    if (this.#visible.has(message.id)) return "visible";
    return message.receiveCount > 0 ? "inflight" : "delayed";
  }

  #expired = (message: Message, now: number) => message.sentAt + this.settings.retentionMs <= now;

  #wornOut(message: Message): boolean {
    const { redrive } = this.settings;
    return redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount;
  }

  #moveToDeadLetters(message: Message): void {
    const target = this.#deps.queue(this.settings.redrive?.deadLetterTargetArn ?? "");
    // Without its dead-letter queue a message stays where it is, as in AWS.
    if (target === undefined) return;
    this.#remove(message);
    target.bury(message, this.arn);
  }

  #find(receipt: string): Message | undefined {
    const id = Buffer.from(receipt, "base64url").toString("utf8").split(":")[0] ?? "";
    const message = this.#visible.get(id) ?? this.#hidden.get(id)?.message;
    return message?.receipt === receipt ? message : undefined;
  }

  #put(message: Message): void {
    const { clock, store } = this.#deps;
    store.put(this.#key(message), message);
    if (message.visibleAt > clock.now()) {
      const cancel = clock.at(message.visibleAt, () => this.#reveal(message));
      this.#hidden.set(message.id, { message, cancel });
    } else this.#reveal(message);
  }

  #reveal(message: Message): void {
    this.#hidden.delete(message.id);
    this.#visible.set(message.id, message);
    for (const wake of this.#listeners) wake();
  }

  #remove(message: Message): void {
    this.#visible.delete(message.id);
    this.#hidden.get(message.id)?.cancel();
    this.#hidden.delete(message.id);
    this.#deps.store.delete(this.#key(message));
  }

  #key = (message: Message) => `message/${this.name}/${message.id}`;
}

/** Whether a text can be a receipt handle at all. */
export const isReceipt = (text: string): boolean =>
  /^[0-9a-f-]{36}:\w{24}$/.test(Buffer.from(text, "base64url").toString("utf8"));
