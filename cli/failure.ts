import { inspect, styleText } from "node:util";
import { CommanderError } from "commander";
import { type Code, StepwellError } from "../sdk/protocol/index.ts";

/** `failed`: what was asked for did not work. `usage`: it could not be understood. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

export interface FailureOptions extends ErrorOptions {
  readonly code?: Code | undefined;
  /** What to do about it: one sentence, or several lines. */
  readonly advice?: string;
}

/** Something that people have to be told: printed without a stack. */
export class Failure extends Error {
  readonly code: Code | undefined;
  readonly advice: string | undefined;
  readonly exit: number = EXIT.failed;

  constructor(message: string, { code, advice, ...options }: FailureOptions = {}) {
    super(message, options);
    this.code = code;
    this.advice = advice;
  }
}

/** The command line itself is wrong. */
export class UsageFailure extends Failure {
  override readonly exit = EXIT.usage;
}

/** Says what went wrong, and returns the exit code. */
export function report(error: unknown, debug: boolean, write: (text: string) => void): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { message, code, advice, exit } = told(error);
  const brackets = code === undefined ? "" : ` [${code}]`;
  write(`${styleText("red", "stepwell:", { stream: process.stderr })} ${message}${brackets}\n`);
  for (const line of advice?.split("\n") ?? []) write(`  ${line}\n`);
  if (debug) write(`${inspect(error)}\n`);
  return exit;
}

type Told = Pick<Failure, "message" | "code" | "advice" | "exit">;

function told(error: unknown): Told {
  if (error instanceof Failure) return error;
  const exit = EXIT.failed;
  if (StepwellError.is(error)) return { message: error.message, code: error.code, advice: undefined, exit };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
  return { message, code: undefined, advice: "This was not foreseen. Run it again with --debug to see where.", exit };
}
