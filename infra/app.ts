import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { DEFAULT_ENVIRONMENT, ENGINE_ENV_KEY, engineNames } from "../lambdas/contract.ts";
import { appAlarms } from "./app-alarms.ts";
import { HANDLER, withBundle } from "./app-bundle.ts";
import { checkApp } from "./app-check.ts";
import type { AppProps } from "./app-props.ts";
import { appQueues } from "./app-queue.ts";
import { appRegistration } from "./app-registration.ts";
import { appRole, letIntoVpc } from "./app-role.ts";
import type { IEngine } from "./engine-base.ts";

const DEFAULTS = { memorySize: 512, timeout: Duration.minutes(15), batchSize: 1 } as const;
/** Dead letters that the engine takes at once. */
const DEAD_LETTERS_BATCH = 10;

/**
 * An app: the durable functions of one client, as a Lambda with a run queue of its own. Deploying it is registering it: the engine asks
 * the new version for its functions and sets their schedules. If that fails the deploy rolls back, and what was there stays in force.
 * Deleting it retires the functions and drops their schedules; runs are kept, and go on once it is deployed again.
 *
 * @throws Error when the stack is made: for options that do not fit, an entry that does not bundle or has no `handler`
 * @example
 * ```ts
 * const shop = new App(stack, "Shop", { engine, clientId: "shop", entry: "src/app.ts" });
 * ordersTable.grantReadWriteData(shop);
 * shop.addEnvironment("ORDERS_TABLE", ordersTable.tableName);
 * ```
 */
export class App extends Construct implements iam.IGrantable {
  /** The Lambda that runs the functions. */
  readonly handler: lambda.Function;
  /** `live`: the version that takes runs. */
  readonly alias: lambda.Alias;
  /** Starts and wakes of the app's runs. */
  readonly queue: sqs.Queue;
  /** What could not be handled, on its way to the engine's dead letters. */
  readonly deadLetterQueue: sqs.Queue;
  /** The role of the functions: `table.grantReadData(app)`. */
  readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: AppProps) {
    super(scope, id);
    checkApp(props);
    const { engine, clientId, environment = DEFAULT_ENVIRONMENT, timeout = DEFAULTS.timeout } = props;
    const { removalPolicy = RemovalPolicy.DESTROY } = props;
    const owner = { engine, environment, clientId };
    const queues = appQueues(this, { ...owner, timeout, removalPolicy });
    // Its roles are principals in the queues' policies. All else comes after the queues.
    queues.node.addDependency(engine);
    const functionName = engineNames(engine.engineName).appLambda(environment, clientId);
    const logGroup = new logs.LogGroup(this, "Logs", {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy,
    });
    const { queueArn: runQueueArn, queueUrl: runQueueUrl } = queues.queue;
    const role = appRole(this, "Role", { ...owner, runQueueArn, logGroupArn: logGroup.logGroupArn });
    const waits = props.waits ?? engine.waits;
    const binding = { ...engine.binding(this, environment), runQueueUrl, runQueueArn, waits };
    if (props.vpc !== undefined) letIntoVpc(role);
    this.handler = appFunction(this, props, {
      functionName,
      role,
      logGroup,
      timeout,
      engine: Stack.of(this).toJsonString(binding),
    });
    const version = this.handler.currentVersion as lambda.IVersion;
    this.alias = new lambda.Alias(this, "Live", { aliasName: "live", version });
    this.queue = queues.queue;
    this.deadLetterQueue = queues.deadLetters;
    this.grantPrincipal = role;
    const after = [queues, ...eventSources(this, engine, props)];
    const { alias, queue } = this;
    appRegistration(this, { ...owner, engineName: engine.engineName, queue, version, alias, after });
    if (engine.alarms)
      appAlarms(this, {
        name: `${environment}/${clientId}`,
        queues,
        handler: this.handler,
        topic: props.alarmTopic ?? engine.alarmTopic,
      });
  }

  /** Adds an environment variable of the functions. */
  addEnvironment(key: string, value: string): this {
    this.handler.addEnvironment(key, value);
    return this;
  }
}

interface FunctionParts extends Pick<lambda.FunctionProps, "functionName" | "role" | "logGroup" | "timeout"> {
  /** The value of `STEPWELL_ENGINE`. */
  readonly engine: string;
}

function appFunction(scope: Construct, props: AppProps, { engine, ...parts }: FunctionParts): lambda.Function {
  const { clientId, entry, bundling = {}, vpc, vpcSubnets, securityGroups } = props;
  const make = (code: lambda.Code) =>
    new lambda.Function(scope, "Handler", {
      ...parts,
      code,
      handler: HANDLER,
      description: `Stepwell: the functions of ${clientId}`,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memorySize ?? DEFAULTS.memorySize,
      environment: {
        ...(bundling.sourceMap && { NODE_OPTIONS: "--enable-source-maps" }),
        ...props.environmentVariables,
        [ENGINE_ENV_KEY]: engine,
      },
      // Lambda would take a run's many messages to itself for a loop, and drop them. Stepwell counts hops itself.
      recursiveLoop: lambda.RecursiveLoop.ALLOW,
      // Runs may be in flight on it. One whose deploy was rolled back goes: Lambda would not publish the same code again.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
      ...(vpc && { vpc }),
      ...(vpcSubnets && { vpcSubnets }),
      ...(securityGroups && { securityGroups: [...securityGroups] }),
    });
  if (props.code !== undefined) return make(props.code);
  return withBundle(entry ?? "", bundling, (folder) => make(lambda.Code.fromAsset(folder)));
}

/** The run queue feeds the alias, the dead-letter queue the engine. */
function eventSources(app: App, engine: IEngine, props: AppProps): readonly Construct[] {
  const { maxConcurrency } = props;
  const runs = new lambda.EventSourceMapping(app, "RunSource", {
    target: app.alias as lambda.IFunction,
    eventSourceArn: app.queue.queueArn,
    batchSize: props.batchSize ?? DEFAULTS.batchSize,
    reportBatchItemFailures: true,
    ...(maxConcurrency !== undefined && { maxConcurrency }),
  });
  const deadLetters = new lambda.CfnEventSourceMapping(app, "DeadLetterSource", {
    functionName: engine.arns(app).door("dead-letters"),
    eventSourceArn: app.deadLetterQueue.queueArn,
    batchSize: DEAD_LETTERS_BATCH,
    functionResponseTypes: ["ReportBatchItemFailures"],
  });
  deadLetters.node.addDependency(app.deadLetterQueue);
  return [runs, deadLetters];
}
