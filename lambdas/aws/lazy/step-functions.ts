/** What is used of Step Functions: imported lazily, and named here, so that a bundle carries nothing else of it. */
export { SendTaskSuccessCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from "@aws-sdk/client-sfn";
