import { EXIT, report } from "./failure.ts";
import { createProgram } from "./program.ts";

/** Runs the command line, and sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  // Whoever read the pipe has seen enough (`| head`).
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT.ok);
  });
  const debug = args.includes("--debug") || Boolean(process.env.STEPWELL_DEBUG);
  let code: number = EXIT.ok;
  const program = createProgram((exit) => {
    code = exit;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    process.exitCode = code;
  } catch (error) {
    process.exitCode = report(error, debug, (text) => process.stderr.write(text));
  }
}
