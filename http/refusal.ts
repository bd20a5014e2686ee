import { type Code, StepwellError } from "../sdk/protocol/index.ts";

/** A request that the door does not take: the error, and the status that it is answered with. */
export class Refusal extends StepwellError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: Code, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}
