import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { StepwellError } from "../../sdk/protocol/index.ts";
import { MANIFEST_REQUEST } from "../contract.ts";

/** What Lambda answers for a function that threw, or could not even be loaded. */
interface FunctionFailure {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** Asks by a direct invocation. @throws StepwellError `STEPWELL_REGISTRATION_FAILED` with what the function threw */
export const askManifestBy = (lambda: LambdaClient) => async (FunctionName: string) => {
  const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(MANIFEST_REQUEST) });
  const { Payload, FunctionError } = await lambda.send(command);
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString() || "null");
  if (FunctionError === undefined) return answer;
  const { errorType, errorMessage } = answer as FunctionFailure;
  throw new StepwellError(
    "STEPWELL_REGISTRATION_FAILED",
    `${FunctionName} failed when it was asked for its functions: ${errorType}: ${errorMessage} ` +
      "What was registered before stays in force. The code has to load and to call serve() without an error.",
  );
};
