import { type CloudOptions, openCloud } from "./cloud.ts";
import { EXIT } from "./failure.ts";
import { paint, paintStatus, print, printJson } from "./format.ts";
import { ENDED, fullId, noSuchRun } from "./show-run.ts";

interface CancelOptions extends CloudOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

/** `stepwell cancel` */
export async function cancel(idOrPart: string, options: CancelOptions): Promise<number> {
  const cloud = await openCloud(options);
  const id = await fullId(cloud, idOrPart.toUpperCase());
  const run = await cloud.cancel(id, { reason: options.reason });
  if (run === undefined) throw noSuchRun(cloud, id);
  if (options.json) printJson(run);
  else if (!ENDED.includes(run.status))
    print(`Run ${paint("bold", id)} ends before its next step: follow it with \`stepwell runs ${id} --watch\`.`);
  else print(`Run ${paint("bold", id)} of ${run.app}/${run.functionId} is ${paintStatus(run.status)}.`);
  return EXIT.ok;
}
