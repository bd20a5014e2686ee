import { type CloudOptions, openCloud } from "./cloud.ts";
import { EXIT } from "./failure.ts";
import { paint, print, printJson, table } from "./format.ts";

interface SkipsOptions extends CloudOptions {
  readonly function?: string;
  readonly days?: number;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;
const HEAD = ["FUNCTION", "REASON", "EVENTS"];

/** `stepwell skips` */
export async function skips(options: SkipsOptions): Promise<number> {
  const cloud = await openCloud(options);
  const since = options.days === undefined ? undefined : Date.now() - options.days * DAY_MS;
  const counts = await cloud.skips({ functionId: options.function, since });
  if (options.json) printJson(counts);
  else if (counts.skips.length === 0) print(`There are none in ${cloud.name}.`);
  else {
    const rows = counts.skips.map(({ app, functionId, reason, count }) => [`${app}/${functionId}`, reason, `${count}`]);
    for (const line of table([HEAD.map((title) => paint("dim", title)), ...rows])) print(line);
  }
  if (counts.more && !options.json) print("Older ones are not counted: there are too many runs to look at.");
  return EXIT.ok;
}
