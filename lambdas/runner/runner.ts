import { StepwellError } from "../../sdk/protocol/index.ts";
import { buryRecord } from "../aws/bury.ts";
import type { Kept, SqsEvent, SqsRecord } from "../middleware/sqs-batch.ts";
import type { RunnerDeps } from "./deps.ts";
import type { Verdict } from "./hold.ts";
import { parseRunMessage } from "./message.ts";
import { take } from "./take.ts";

/** What Lambda tells an invocation of its time. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** Time kept free at the end of an invocation to give the run back, in milliseconds, and as a share of the whole. */
const MARGIN_MS_MAX = 30_000;
const MARGIN_SHARE = 0.1;

/** The runner: messages of an app's run queue, each on its own (L8). */
export const createRunner =
  (deps: RunnerDeps) =>
  async ({ Records }: SqsEvent, context: LambdaContext): Promise<Kept> => {
    const time = context.getRemainingTimeInMillis();
    const deadline = deps.clock.now() + time;
    const outOfTimeAt = deadline - Math.min(MARGIN_MS_MAX, time * MARGIN_SHARE);
    const verdicts = await Promise.all(Records.map((record) => takeOrKeep(deps, record, { deadline, outOfTimeAt })));
    return new Set(Records.flatMap(({ messageId }, i) => (verdicts[i] === "keep" ? [messageId] : [])));
  };

async function takeOrKeep(
  deps: RunnerDeps,
  record: SqsRecord,
  times: { readonly deadline: number; readonly outOfTimeAt: number },
): Promise<Verdict> {
  try {
    const message = parseRunMessage(record.body);
    const receipt = { queueUrl: deps.binding.runQueueUrl, handle: record.receiptHandle };
    return await take(deps, { message, receipt, ...times });
  } catch (error) {
    if (StepwellError.is(error) && error.code === "STEPWELL_INVALID_MESSAGE") return buryOrKeep(deps, record, error);
    deps.log.error("a message could not be handled and comes back", {
      messageId: record.messageId,
      error: String(error),
    });
    return "keep";
  }
}

async function buryOrKeep(deps: RunnerDeps, record: SqsRecord, error: StepwellError): Promise<Verdict> {
  return (await buryRecord(deps, record, { env: deps.binding.env, reason: error.message })) ? "ack" : "keep";
}
