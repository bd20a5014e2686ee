import type { DurableFunction } from "../../sdk/execution/index.ts";
import { type Manifest, StepwellError } from "../../sdk/protocol/index.ts";

/** What an app serves: the functions and those of their `onFailure` and `onCancel`. */
export interface Served {
  durables(): readonly DurableFunction[];
}

/** Functions by id; `where` is the option that lists them. @throws StepwellError `STEPWELL_DUPLICATE_FUNCTION`, `STEPWELL_INVALID_FUNCTION` */
export function functionsById(
  app: string,
  served: readonly Served[],
  where = "functions",
): ReadonlyMap<string, DurableFunction> {
  const functions = new Map<string, DurableFunction>();
  for (const fn of served.flatMap((one, index) => durablesOf(one, `${where}[${index}]`))) {
    if (fn.app !== app) throw foreignFunction(app, fn);
    if (functions.has(fn.id)) throw duplicate(fn.id);
    functions.set(fn.id, fn);
  }
  return functions;
}

export const manifestOf = (
  { id: app, environment }: { readonly id: string; readonly environment?: string },
  functions: ReadonlyMap<string, DurableFunction>,
): Manifest => ({
  v: 1,
  app,
  ...(environment !== undefined && { environment }),
  functions: [...functions.values()].map(({ manifest }) => manifest),
});

function durablesOf(served: Served, where: string): readonly DurableFunction[] {
  if (typeof served?.durables === "function") return served.durables();
  throw new StepwellError(
    "STEPWELL_INVALID_FUNCTION",
    `${where}: must be what client.createFunction(…) returned, and is no Stepwell function (${typeof served}).`,
  );
}

const duplicate = (id: string) =>
  new StepwellError(
    "STEPWELL_DUPLICATE_FUNCTION",
    `Two functions have the id "${id}". Give each its own: runs are found by it. (An onFailure takes the id "<function>-failure", an onCancel "<function>-cancel".)`,
  );

const foreignFunction = (app: string, fn: DurableFunction) =>
  new StepwellError(
    "STEPWELL_INVALID_FUNCTION",
    `The function "${fn.id}" was created by the client "${fn.app}", and is served by the client "${app}". Serve it with its own client.`,
  );
