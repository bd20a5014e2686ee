import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { StepwellError } from "../../sdk/protocol/index.ts";
import { MANIFEST_REQUEST } from "../contract.ts";

/** What Lambda answers for a function that threw, or could not even be loaded. */
interface FunctionFailure {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/**
 * CloudFormation takes answers of 4 KB, and shows nothing of a longer one. The CDK's Lambda, which answers, tells a message of several
 * lines twice, and its stack.
 */
const MESSAGE_BYTES_MAX = 900;

/** Asks by a direct invocation. @throws StepwellError `STEPWELL_REGISTRATION_FAILED` with what the function threw */
export const askManifestBy = (lambda: LambdaClient) => async (FunctionName: string) => {
  const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(MANIFEST_REQUEST) });
  const { Payload, FunctionError } = await lambda.send(command);
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString() || "null");
  if (FunctionError === undefined) return answer;
  const { errorType, errorMessage } = answer as FunctionFailure;
  throw new StepwellError(
    "STEPWELL_REGISTRATION_FAILED",
    `${FunctionName} failed when it was asked for its functions: ${errorType}: ${shortened(errorMessage)} ` +
      "What was registered before stays in force. The code has to load and to call serve() without an error.",
  );
};

function shortened(text = ""): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MESSAGE_BYTES_MAX) return text;
  // A character that is cut in two is left out.
  return `${bytes
    .subarray(0, MESSAGE_BYTES_MAX)
    .toString()
    .replace(/\uFFFD$/, "")}…`;
}
