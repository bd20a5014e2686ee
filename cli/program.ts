import { Command, InvalidArgumentError, Option } from "commander";
import { VERSION } from "../local/version.ts";
import { RUN_STATUSES, RUNS_LISTED_AGE_MS_MAX, RUNS_LISTED_MAX } from "../sdk/protocol/index.ts";
import { DEFAULT_DATA, DEFAULT_PORT, DEFAULT_URL } from "./defaults.ts";
import { EXIT } from "./failure.ts";

const DAY_MS = 86_400_000;

const EXAMPLES = `
Examples:
  $ stepwell init my-app                                a new CDK app
  $ stepwell dev src/app.ts                             run it here
  $ stepwell send shop/order.placed '{"orderId":"o1"}'  start something
  $ stepwell runs --watch                               see what happens

Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.`;

/** The commands and their options. What a command does is loaded when it is run: help is quick. */
export function createProgram(exit: (code: number) => void): Command {
  const program = new Command("stepwell")
    .description("Durable functions in your own AWS account: run them here, send events, look at runs.")
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .option("--debug", "print stacks of errors (or set STEPWELL_DEBUG=1)")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("  Run it with --help to see what it takes.")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "stepwell: ")) })
    .exitOverride();
  addDev(program, exit);
  addSend(program, exit);
  addRuns(program, exit);
  addSkips(program, exit);
  addCancel(program, exit);
  addAudit(program, exit);
  addDead(program, exit);
  addRedrive(program, exit);
  addInit(program, exit);
  addDoctor(program, exit);
  return program;
}

type Exit = (code: number) => void;

/** Ctrl-C ends a command at once, unless it has something to close. */
const interruptible = () => void process.once("SIGINT", () => process.exit(EXIT.interrupted));

function addDev(program: Command, exit: Exit): void {
  program
    .command("dev")
    .description("Run an app on a local cloud, again after each change of its files.")
    .argument("<entry>", "file that exports `handler = serve(...)`")
    .option("-p, --port <port>", "port of the AWS services and of the API; 0 takes a free one", port, DEFAULT_PORT)
    .option("--data <folder>", "where the state is kept from one start to the next", DEFAULT_DATA)
    .option("--fresh", "forget the state of earlier starts")
    .option("--host <host>", "listen on this address of the machine instead, for others to reach it", "127.0.0.1")
    .action(async (entry, options) => exit(await (await import("./dev.ts")).dev(entry, options)));
}

function addSend(program: Command, exit: Exit): void {
  const command = program
    .command("send")
    .description("Send an event, and tell which runs it has started.")
    .argument("<name>", "name of the event")
    .argument("[data]", "its data, a JSON object: the text itself, @file, or - for stdin", "{}")
    .option("--id <id>", "id of the event: the same one again within a day starts nothing")
    .option("--user <json>", "the event's user, a JSON object: the text itself or @file")
    .option("--ts <time>", "time of the event: milliseconds since the epoch, or an ISO date")
    .option("--json", "print JSON: the event's id, and its runs")
    .action(async (name, data, options) => {
      interruptible();
      exit(await (await import("./send.ts")).send(name, data, options));
    });
  whichCloud(command);
}

function addRuns(program: Command, exit: Exit): void {
  const command = program
    .command("runs")
    .description("List runs, the latest first, or show one with its steps.")
    .argument("[id]", "id of a run; its beginning or its end will do, if no other run has the same")
    .option("-f, --function <id>", "only runs of this function")
    .addOption(new Option("-s, --status <status>", "only runs of this status").choices(RUN_STATUSES))
    .option("-n, --limit <count>", `how many, at most ${RUNS_LISTED_MAX}`, limit, 20)
    .option("-w, --watch", "go on: refresh the list, or follow the run to its end")
    .option("--json", "print JSON; with --watch one line a change")
    .action(async (id, options) => {
      interruptible();
      exit(await (await import("./runs.ts")).runs(id, options));
    });
  whichCloud(command);
}

function addSkips(program: Command, exit: Exit): void {
  const command = program
    .command("skips")
    .description("Count the events that have started no run because of an option of their function.")
    .option("-f, --function <id>", "only those of this function")
    .option("--days <count>", "how far back (default: the last 24 hours)", days)
    .option("--json", "print JSON")
    .action(async (options) => {
      interruptible();
      exit(await (await import("./skips.ts")).skips(options));
    });
  whichCloud(command);
}

function addCancel(program: Command, exit: Exit): void {
  const command = program
    .command("cancel")
    .description("Cancel a run: its sleeps and waits end at once, a step's body that runs is the last one.")
    .argument("<id>", "id of the run; its beginning or its end will do, if no other run has the same")
    .option("--reason <text>", "why, for people")
    .option("--json", "print JSON: the run")
    .action(async (id, options) => {
      interruptible();
      exit(await (await import("./cancel.ts")).cancel(id, options));
    });
  whichCloud(command);
}

function addAudit(program: Command, exit: Exit): void {
  const command = program
    .command("audit")
    .description("Prove that nothing is lost, stuck or left behind: the engine's laws, judged from all that is stored.")
    .option("--repair", "send a fresh wake to runs that have no other ahead of them")
    .option("--json", "print JSON: what was found, and which runs were woken")
    .action(async (options) => {
      interruptible();
      exit(await (await import("./audit.ts")).audit(options));
    });
  urlOf(command);
  command
    .option("--engine <name>", "a deployed engine instead, by your AWS credentials")
    .option("--region <region>", "with --engine: its region (default: your AWS configuration's)");
}

function addDead(program: Command, exit: Exit): void {
  const command = program
    .command("dead")
    .description("List messages that could not be handled, the latest first, or show one with its body.")
    .argument("[id]", "id of a dead letter")
    .option("-q, --queue <name>", "only those of queues with this in their names")
    .option("-a, --all", "those that have been sent anew as well")
    .option("-n, --limit <count>", `how many, at most ${RUNS_LISTED_MAX}`, limit, 20)
    .option("--json", "print JSON")
    .action(async (id, options) => {
      interruptible();
      exit(await (await import("./dead.ts")).dead(id, options));
    });
  whichCloud(command);
}

function addRedrive(program: Command, exit: Exit): void {
  const command = program
    .command("redrive")
    .description("Send dead letters anew, each to the queue that it belongs to. Twice does no harm.")
    .argument("[id...]", "ids of dead letters")
    .option("-a, --all", "all that have not been sent anew yet")
    .option("-q, --queue <name>", "of those, the ones of queues with this in their names")
    .option("--dry-run", "only tell what would become of them")
    .option("--json", "print JSON")
    .action(async (ids, options) => {
      interruptible();
      exit(await (await import("./redrive.ts")).redrive(ids, options));
    });
  whichCloud(command);
}

function addInit(program: Command, exit: Exit): void {
  program
    .command("init")
    .description("Make a new CDK app in an empty folder.")
    .argument("[folder]", "where; made if it is not there", ".")
    .option("--name <name>", "name of the app (default: the folder's)")
    .action(async (folder, options) => {
      interruptible();
      exit(await (await import("./init.ts")).init(folder, options));
    });
}

function addDoctor(program: Command, exit: Exit): void {
  program
    .command("doctor")
    .description("Check what Stepwell needs here, and say what to do about what is missing.")
    .argument("[entry]", "file that exports `handler = serve(...)`, to be checked as well")
    .option("-p, --port <port>", "the port that `stepwell dev` is to have", port, DEFAULT_PORT)
    .option("--data <folder>", "the folder where `stepwell dev` keeps its state", DEFAULT_DATA)
    .option("--engine <name>", "the deployed engine: it has to be there (default: a warning if there is no `stepwell`)")
    .option("--region <region>", "the engine's region (default: your AWS configuration's)")
    .option("--json", "print JSON")
    .action(async (entry, options) => {
      interruptible();
      exit(await (await import("./doctor.ts")).doctor(entry, options));
    });
}

/** Options of commands that work on a local cloud as well as on a deployed engine. */
function whichCloud(command: Command): void {
  urlOf(command)
    .option("--engine <name>", "a deployed engine instead, by your AWS credentials")
    .option("--environment <name>", "with --engine: the environment (default: the engine's own)")
    .option("--app <id>", "with --engine: the app")
    .option("--region <region>", "with --engine: its region (default: your AWS configuration's)");
}

const urlOf = (command: Command): Command =>
  command.addOption(new Option("--url <url>", "a local cloud").env("STEPWELL_URL").default(DEFAULT_URL));

function port(text: string): number {
  return whole(text, 0, 65_535);
}

function limit(text: string): number {
  return whole(text, 1, RUNS_LISTED_MAX);
}

function days(text: string): number {
  return whole(text, 1, RUNS_LISTED_AGE_MS_MAX / DAY_MS);
}

function whole(text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
}
