import type { LogSink } from "../sdk/execution/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";

/** What a closed cloud answers, whatever it is asked. */
export const closedError = (cause?: unknown) =>
  new StepwellError("STEPWELL_CLOSED", "This local cloud is closed.", cause === undefined ? {} : { cause });

/** A method that refuses once the cloud is closed; also one that was under way then, and failed of it. */
export const whileOpen =
  <Args extends readonly unknown[], Result>(isClosed: () => boolean, method: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    if (isClosed()) throw closedError();
    try {
      return await method(...args);
    } catch (error) {
      throw isClosed() ? closedError(error) : error;
    }
  };

/** Handlers that were abandoned at close go on failing: nobody wants to hear of it. */
export function quietOnceClosed(log: LogSink, isClosed: () => boolean): LogSink {
  const write =
    (level: keyof LogSink): LogSink[keyof LogSink] =>
    (message, fields) => {
      if (!isClosed()) log[level](message, fields);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
