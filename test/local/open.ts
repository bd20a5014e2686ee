import { onTestFinished } from "vitest";
import { createLocalAws, type LocalAwsOptions } from "../../local/aws.ts";
import { virtualClock } from "../../local/clock.ts";
import { clients } from "./clients.ts";

export const START = Date.UTC(2026, 0, 1);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A local AWS on a virtual clock, with real SDK clients on the in-process transport; closed when the test is over. */
export async function openAws(options: LocalAwsOptions = {}) {
  const opened = await openAwsByHand(options);
  onTestFinished(() => opened.aws.close());
  return opened;
}

/** The same, for a test that closes it itself. */
export async function openAwsByHand(options: LocalAwsOptions = {}) {
  const lines: string[] = [];
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`);
  const aws = await createLocalAws({ clock: virtualClock(START), log, ...options });
  return { aws, lines, ...clients(aws.clientConfig()) };
}

/** Clients that go over the socket, signing as usual. */
export const socketClients = (endpoint: string) =>
  clients({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    forcePathStyle: true,
    // Of SQS: some emulators name themselves by hosts that do not resolve.
    ...{ useQueueUrlAsEndpoint: false },
  });
