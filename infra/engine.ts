import { createHash } from "node:crypto";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type * as events from "aws-cdk-lib/aws-events";
import * as logs from "aws-cdk-lib/aws-logs";
import type * as sns from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { DEFAULT_ENGINE, DEFAULT_ENVIRONMENT, engineNames } from "../lambdas/contract.ts";
import { lambdaLogs } from "./door.ts";
import { deadLettersDoor, ROUTER_TIMEOUT, registrarDoor, routerDoor, sweeperDoor } from "./doors.ts";
import { useCustomerKey } from "./encryption.ts";
import { engineAlarms } from "./engine-alarms.ts";
import { EngineBase, type IEngine, type Waits } from "./engine-base.ts";
import { checkEngine, checkRouter } from "./engine-check.ts";
import type { EngineProps } from "./engine-props.ts";
import { type EngineAttributes, EngineReference } from "./engine-reference.ts";
import { eventBus } from "./event-bus.ts";
import { ingestRule } from "./ingest-rule.ts";
import { listenPattern } from "./listen-pattern.ts";
import { payloadBucket } from "./payload-bucket.ts";
import { serviceRole } from "./permission.ts";
import { PARTITIONS, useKey, useTable } from "./permissions.ts";
import { QueuePair } from "./queue-pair.ts";
import { registrationProvider } from "./registration.ts";
import { scheduling, sweepEveryMinute } from "./scheduling.ts";
import { stateTable } from "./state-table.ts";
import { waitMachine } from "./wait-machine.ts";

/** A message is hidden this many times as long as the router may take: throttled deliveries must not come twice at once. */
const VISIBILITY_FACTOR = 6;

/**
 * One engine: it takes in events, and starts and wakes the runs of its apps.
 *
 * @example
 * const engine = new Engine(stack, "Engine");
 * new App(stack, "Shop", { engine, clientId: "shop", entry: "src/app.ts" });
 */
export class Engine extends EngineBase {
  /**
   * An engine that another CDK app has deployed, in the same account and region.
   *
   * @example const engine = Engine.fromName(stack, "Engine", "stepwell");
   */
  static fromName(scope: Construct, id: string, name: string, attributes: EngineAttributes = {}): IEngine {
    return new EngineReference(scope, id, name, attributes);
  }

  readonly engineName: string;
  readonly environments: readonly string[];
  readonly waits: Waits;
  readonly retention: Duration;
  readonly hasEncryptionKey: boolean;
  readonly alarms: boolean;
  readonly alarmTopic: sns.ITopic | undefined;
  /** The engine's own bus. */
  readonly bus: events.EventBus;
  readonly #ingest: QueuePair;

  /** @throws Error when a property is not usable */
  constructor(scope: Construct, id: string, props: EngineProps = {}) {
    super(scope, id);
    this.engineName = props.name ?? DEFAULT_ENGINE;
    this.environments = props.environments ?? [DEFAULT_ENVIRONMENT];
    this.waits = props.waits ?? "stepFunctions";
    this.retention = props.retention ?? Duration.days(30);
    this.hasEncryptionKey = props.encryptionKey !== undefined;
    this.alarms = props.alarms ?? true;
    this.alarmTopic = props.alarmTopic;
    checkEngine(this);
    checkRouter(props.router ?? {});

    const { engineName } = this;
    const { removalPolicy = RemovalPolicy.RETAIN, encryptionKey, router } = props;
    const key = encryptionKey && useCustomerKey(this, engineName, encryptionKey);
    const table = stateTable(this, { engineName, removalPolicy, encryptionKey });
    payloadBucket(this, { engineName, removalPolicy, encryptionKey });
    this.#ingest = this.#ingestQueues(router?.timeout);
    if (key !== undefined) this.#ingest.node.addDependency(key);
    this.bus = eventBus(this, { engineName, ingest: this.#ingest, encryptionKey });
    this.#waitMachine();
    scheduling(this, this);

    const doors = { engine: this, logRetention: props.logRetention ?? logs.RetentionDays.ONE_MONTH };
    const sweeper = sweeperDoor(this, doors);
    sweepEveryMinute(this, sweeper);
    const routerLambda = routerDoor(this, { ...doors, ingest: this.#ingest, router });
    const deadLetters = deadLettersDoor(this, { ...doors, ingest: this.#ingest });
    const registrar = registrarDoor(this, doors).lambda;
    registrationProvider(this, "Registration", {
      engineName,
      registrar,
      logGroup: lambdaLogs(this, "RegistrationLogs", engineNames(engineName).registration, doors.logRetention),
    });
    if (this.alarms)
      engineAlarms(this, this, { router: routerLambda, deadLetters, sweeper, ingest: this.#ingest, table });
  }

  /**
   * Brings in events of another bus of this account and region. Each that fits the pattern comes as an event of the environment "main",
   * named by its detail type. Events of the engine itself and of its state machine are left out, so that nothing goes round in circles.
   *
   * @example engine.listen(events.EventBus.fromEventBusName(stack, "Default", "default"), { source: ["aws.s3"] })
   * @throws Error when the engine has no environment "main", or the pattern asks for the engine's own events
   */
  listen(bus: events.IEventBus, pattern: events.EventPattern): void {
    if (!this.environments.includes(DEFAULT_ENVIRONMENT))
      throw new Error(
        `engine.listen: events of other buses belong to the environment "${DEFAULT_ENVIRONMENT}", and the engine "${this.engineName}" has none.`,
      );
    if (bus === this.bus) throw new Error("engine.listen: all events of the engine's own bus come anyway.");
    ingestRule(this, `Listen${this.#hashOf(bus.eventBusName, pattern)}`, {
      eventBusName: bus.eventBusName,
      description: `Events for the functions of ${this.engineName}`,
      pattern: listenPattern(pattern, this.arns(this).waitMachine),
      ingest: this.#ingest,
    });
  }

  /** A rule keeps its id whatever is listened to before it. */
  #hashOf(...values: readonly unknown[]): string {
    const text = JSON.stringify(Stack.of(this).resolve(values));
    return createHash("sha256").update(text).digest("hex").slice(0, 8);
  }

  #ingestQueues(routerTimeout = ROUTER_TIMEOUT): QueuePair {
    const names = engineNames(this.engineName);
    return new QueuePair(this, "Ingest", {
      queueName: names.ingestQueue,
      deadLettersName: names.ingestDeadLetters,
      visibility: Duration.seconds(VISIBILITY_FACTOR * routerTimeout.toSeconds()),
      ...(this.hasEncryptionKey && { keyAlias: names.keyAlias }),
    });
  }

  /** It sends to the run queues by their own policies. */
  #waitMachine(): void {
    const arns = this.arns(this);
    const role = serviceRole(this, "WaitRole", {
      name: engineNames(this.engineName).role("wait", Stack.of(this).region),
      service: "states.amazonaws.com",
      description: "Stepwell: writes callback tokens on waiting steps",
      permissions: [
        useTable(arns, ["UpdateItem"], [PARTITIONS.runs]),
        ...(this.hasEncryptionKey ? [useKey(this, arns)] : []),
      ],
    });
    waitMachine(this, { engineName: this.engineName, role });
  }
}
