import { type CancelCause, StepwellError } from "../../sdk/protocol/index.ts";
import { cancelledError } from "../engine/cancel.ts";

/** The run is to end as cancelled, by its holder (PROTOCOLS.md, P7). */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** What ends a holder's work from outside: the run is cancelled, a deadline of its function is over, or another holds it now. */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #happened = Promise.withResolvers<void>();
  #cause: CancelCause | undefined;

  /** For the user's code: aborted with an error that says why. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get cause(): CancelCause | undefined {
    return this.#cause;
  }

  /** Resolves once the run is to end as cancelled. */
  get happened(): Promise<void> {
    return this.#happened.promise;
  }

  /** What is recorded on the run counts before a deadline that this holder has seen pass. */
  cancel(cause: CancelCause): void {
    if (this.#cause === undefined || cause.by !== "timeout") this.#cause = cause;
    const { code, message } = cancelledError(cause);
    this.#controller.abort(new StepwellError(code as "STEPWELL_RUN_CANCELLED", message));
    this.#happened.resolve();
  }

  /** The run has gone to another holder, which does again what this one has not written. */
  lose(): void {
    const text = "This process has lost the run to another, which goes on with it.";
    this.#controller.abort(new StepwellError("STEPWELL_RUN_CANCELLED", text));
  }

  /** @throws Cancelled */
  check(): void {
    if (this.#cause !== undefined) throw new Cancelled();
  }
}
