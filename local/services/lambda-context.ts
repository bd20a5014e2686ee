import type { Clock } from "../../sdk/protocol/clock.ts";
import { arnOf } from "../arn.ts";

/** The second argument of a Lambda handler, as far as handlers here may count on it. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

export type LambdaHandler = (event: never, context: LambdaContext) => unknown;

export const functionArn = (name: string) => arnOf("lambda", `function:${name}`);

export const createContext = (
  name: string,
  requestId: string,
  deadline: number,
  clock: Pick<Clock, "now">,
  memoryMb: number,
): LambdaContext => ({
  awsRequestId: requestId,
  functionName: name,
  functionVersion: "$LATEST",
  invokedFunctionArn: functionArn(name),
  memoryLimitInMB: String(memoryMb),
  logGroupName: `/aws/lambda/${name}`,
  logStreamName: "local",
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadline - clock.now()),
});
