import { relative } from "node:path";
import { startLocal } from "../local/index.ts";
import type { FunctionManifest, TriggerManifest } from "../sdk/protocol/index.ts";
import { prepareData } from "./data-folder.ts";
import { DEFAULT_URL } from "./defaults.ts";
import { devLog } from "./dev-log.ts";
import { refuseMissing } from "./entry.ts";
import { EXIT } from "./failure.ts";
import { paint, print, table } from "./format.ts";
import { aboutLocal } from "./local-cloud.ts";
import { holderOf, portTaken } from "./port.ts";

interface DevOptions {
  readonly port: number;
  readonly data: string;
  readonly fresh?: boolean;
  readonly host: string;
}

/** `stepwell dev` */
export async function dev(entry: string, { port, data, fresh = false, host }: DevOptions): Promise<number> {
  const interrupt = Promise.withResolvers<number>();
  // Until the cloud is there, and from the second time on, there is nothing to wait for.
  let atOnce = true;
  const onSignal = (exit: number) => () => {
    if (atOnce) process.exit(exit);
    atOnce = true;
    interrupt.resolve(exit);
  };
  process.on("SIGINT", onSignal(EXIT.interrupted));
  process.on("SIGTERM", onSignal(EXIT.terminated));

  refuseMissing(entry);
  const holder = await holderOf(port, host);
  if (holder !== "nobody") throw portTaken(port, holder);
  const dataDir = await prepareData(data, fresh);
  const logger = devLog(print, Date.now);
  const cloud = await startLocal({ entry, dataDir, port, host, logger });
  atOnce = false;
  const about = await aboutLocal(cloud.url);
  for (const line of bannerOf(cloud.url, about?.app ?? "", about?.functions ?? [], data)) print(line);
  const exit = await interrupt.promise;
  print("Closing. Ctrl-C again ends it at once.");
  await cloud.close();
  print(`Closed. The state is kept in ${data}.`);
  return exit;
}

function bannerOf(url: string, app: string, functions: readonly FunctionManifest[], data: string): string[] {
  const example = functions.flatMap(({ triggers }) => triggers).find(isPlainEvent);
  const event = example?.event ?? `${app}/something`;
  const toUrl = url === DEFAULT_URL ? "" : ` --url ${url}`;
  const rows = functions.map(({ id, triggers }) => [`  ${paint("bold", id)}`, triggers.map(triggerText).join(", ")]);
  const entries = JSON.stringify([{ EventBusName: "stepwell", Source: "cli", DetailType: event, Detail: "{}" }]);
  return [
    "",
    `${paint("green", "●")} ${paint("bold", app)} runs at ${paint("underline", url)}; its state is in ${relative("", data) || data}.`,
    "",
    ...(rows.length === 0 ? ["  It has no functions yet."] : table(rows)),
    "",
    paint("dim", "Send an event, or let the AWS CLI do it (any AWS SDK client with this endpoint can PutEvents):"),
    `  npx stepwell send ${event} '{}'${toUrl}`,
    `  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws events put-events --region us-east-1 \\`,
    `    --endpoint-url ${url} --entries '${entries}'`,
    "",
  ];
}

const triggerText = (trigger: TriggerManifest): string => {
  if (trigger.kind === "cron") return `cron ${trigger.cron}`;
  return trigger.if === undefined ? trigger.event : `${trigger.event} if ${trigger.if}`;
};

/** Not a wildcard, whose name nobody can send. */
const isPlainEvent = (trigger: TriggerManifest): trigger is TriggerManifest & { readonly kind: "event" } =>
  trigger.kind === "event" && !trigger.event.includes("*");
