import { REDRIVES_AT_ONCE, type Redriven } from "../lambdas/api/dead-letters.ts";
import { type Cloud, type CloudOptions, openCloud } from "./cloud.ts";
import { findLetters } from "./dead.ts";
import { EXIT, UsageFailure } from "./failure.ts";
import { print, printJson } from "./format.ts";

interface RedriveOptions extends CloudOptions {
  readonly all?: boolean;
  readonly queue?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** From so many letters on it is told how far it has come. */
const PROGRESS_FROM = 100;

/** `stepwell redrive` */
export async function redrive(given: readonly string[], options: RedriveOptions): Promise<number> {
  check(given, options);
  const cloud = await openCloud(options);
  const ids = given.length > 0 ? given : (await findLetters(cloud, { queue: options.queue })).map(({ id }) => id);
  const redriven: Redriven[] = [];
  for (let i = 0; i < ids.length; i += REDRIVES_AT_ONCE) {
    const some = await cloud.redrive(ids.slice(i, i + REDRIVES_AT_ONCE), options.dryRun === true);
    redriven.push(...some);
    if (!options.json) for (const one of some) print(lineOf(one, options.dryRun === true));
    if (ids.length >= PROGRESS_FROM) process.stderr.write(`${redriven.length} of ${ids.length}\n`);
  }
  const sent = redriven.filter(({ outcome }) => outcome === "sent").length;
  if (options.json) printJson(redriven);
  else print(sumOf(cloud, sent, redriven.length, options.dryRun === true));
  return sent === redriven.length ? EXIT.ok : EXIT.failed;
}

function check(given: readonly string[], { all, queue }: RedriveOptions): void {
  const isChosen = all === true || queue !== undefined;
  if (given.length > 0 && isChosen) throw new UsageFailure("Either ids of dead letters, or --all or --queue.");
  if (given.length === 0 && !isChosen)
    throw new UsageFailure("Which dead letters?", {
      advice: "Give their ids, --queue <name>, or --all. `stepwell dead` lists them.",
    });
}

const lineOf = ({ id, outcome, to, reason }: Redriven, dryRun: boolean): string =>
  outcome === "sent" ? `${id}  ${dryRun ? "would be sent" : "sent"} to ${to}` : `${id}  not sent: ${reason}`;

function sumOf(cloud: Cloud, sent: number, of: number, dryRun: boolean): string {
  if (of === 0) return `There are no such dead letters in ${cloud.name} that were not sent anew.`;
  return `${dryRun ? "Would be sent" : "Sent"} anew: ${sent} of ${of}.`;
}
