import { StepwellError } from "../../sdk/protocol/index.ts";
import type { CrashPoint } from "../journal.ts";
import type { CrashDifference } from "./trace.ts";

/** A crash after which something came out differently. */
export interface CrashFinding extends CrashPoint {
  readonly differences: readonly CrashDifference[];
  /** Steps whose body ran more often than without the crash, as `<function>/<step>`. */
  readonly ranAgain: readonly string[];
}

/** Findings, and differences of one, that a message has room for. */
const SHOWN_MAX = 5;
const SHOWN_CHARS_MAX = 120;

/**
 * The function does not come out the same after a crash. Code: `STEPWELL_NOT_CRASH_SAFE`.
 *
 * @example
 * ```ts
 * await expect(t.survivesCrashes()).rejects.toMatchObject({ findings: [{ stepId: "charge", at: "bodyEnded" }] });
 * ```
 */
export class CrashSafetyError extends StepwellError {
  readonly findings: readonly CrashFinding[];

  constructor(functionId: string, findings: readonly CrashFinding[]) {
    const shown = findings.slice(0, SHOWN_MAX).map(describe);
    const more = findings.length > SHOWN_MAX ? [`… and ${findings.length - SHOWN_MAX} crashes more`] : [];
    super(
      "STEPWELL_NOT_CRASH_SAFE",
      [`The function "${functionId}" does not come out the same after a crash.`, ...shown, ...more, ADVICE].join("\n"),
    );
    this.findings = findings;
  }
}

const ADVICE =
  "A body whose process dies before its result is stored runs again, and code between steps runs at every replay: give what is written " +
  "outside a key that stays the same, and put everything with an effect, or that may come out differently, into a step.";

function describe({ functionId, stepId, at, differences, ranAgain }: CrashFinding): string {
  const where =
    at === "bodyEnded"
      ? `after the body of the step "${stepId}", before its result was stored`
      : `after the step "${stepId}", before the code went on`;
  const changed = differences
    .slice(0, SHOWN_MAX)
    .map(({ path, without, with: crashed }) => `${path} is ${show(crashed)}, without the crash ${show(without)}`);
  const more = differences.length > SHOWN_MAX ? [`${differences.length - SHOWN_MAX} differences more`] : [];
  const again = ranAgain.length === 0 ? [] : [`run again: ${ranAgain.join(", ")}`];
  return `- "${functionId}" died ${where}: ${[...changed, ...more, ...again].join("; ")}`;
}

const show = (text: string | undefined): string => {
  if (text === undefined) return "not there";
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
};
