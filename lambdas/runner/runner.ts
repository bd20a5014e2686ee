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

/** A message that is done with comes back so long after the invocation's end, should its deletion fail. In milliseconds. */
const DONE_MARGIN_MS = 1_000;

/** The runner: messages of an app's run queue, each on its own (L8). */
export const createRunner =
  (given: RunnerDeps) =>
  async (event: SqsEvent, context: LambdaContext): Promise<Kept> => {
    const { Records } = event;
    const deps = { ...given, reqArgs: [event, context] };
    const time = context.getRemainingTimeInMillis();
    const deadline = deps.clock.now() + time;
    const outOfTimeAt = deadline - Math.min(MARGIN_MS_MAX, time * MARGIN_SHARE);
    const pending = new Set(Records);
    const verdicts = await Promise.all(
      Records.map(async (record) => {
        const verdict = await takeOrKeep(deps, record, { deadline, outOfTimeAt });
        pending.delete(record);
        if (verdict === "ack" && pending.size > 0) await hideUntil(deps, record, deadline + DONE_MARGIN_MS);
        return verdict;
      }),
    );
    return new Set(Records.flatMap(({ messageId }, i) => (verdicts[i] === "keep" ? [messageId] : [])));
  };

/** A message that is done with is deleted with its batch: until then it has no heartbeat, and must not come back. */
async function hideUntil({ world, clock, binding, log }: RunnerDeps, record: SqsRecord, until: number): Promise<void> {
  const receipt = { queueUrl: binding.runQueueUrl, handle: record.receiptHandle };
  await world.queue.returnAfter(receipt, until - clock.now()).catch((error: unknown) => {
    log.warn("a message that is done with may come back: its visibility could not be set", { error: String(error) });
  });
}

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
