import type { SFNClient } from "@aws-sdk/client-sfn";
import type { WaitMachineInput } from "../contract.ts";
import { isError } from "./clients.ts";

/** The callback machinery of `waitForEvent`: one execution of the wait machine each. */
export const createWaits = (client: () => Promise<SFNClient>, machineArn: string) => ({
  /** The name derives from run and step: a repeat is the same execution, running or closed. */
  async start(name: string, input: WaitMachineInput): Promise<void> {
    const { StartExecutionCommand } = await import("./lazy/step-functions.ts");
    try {
      await (await client()).send(
        new StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify(input) }),
      );
    } catch (error) {
      if (!isError(error, "ExecutionAlreadyExists")) throw error;
    }
  },

  /** Calls back. False: nobody waits for this token any more, the caller has to send the wake itself. */
  async succeed(token: string): Promise<boolean> {
    const { SendTaskSuccessCommand } = await import("./lazy/step-functions.ts");
    try {
      await (await client()).send(new SendTaskSuccessCommand({ taskToken: token, output: "{}" }));
      return true;
    } catch (error) {
      if (isError(error, "TaskTimedOut", "TaskDoesNotExist", "InvalidToken")) return false;
      throw error;
    }
  },

  async stop(name: string): Promise<void> {
    const executionArn = `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
    const { StopExecutionCommand } = await import("./lazy/step-functions.ts");
    try {
      await (await client()).send(new StopExecutionCommand({ executionArn, cause: "The run has ended." }));
    } catch (error) {
      if (!isError(error, "ExecutionDoesNotExist")) throw error;
    }
  },
});

export type Waits = ReturnType<typeof createWaits>;
