import { REDRIVES_AT_ONCE, type Redriven } from "../lambdas/api/dead-letters.ts";
import type { Api } from "../lambdas/api/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";
import { offTheBill } from "./meter.ts";

export interface RedriverDeps {
  readonly api: Api["deadLetters"];
  readonly env: string;
  /** Lets happen what is due now. */
  readonly settle: () => Promise<void>;
}

/** Dead letters of a local cloud: for `cloud.redrive`, and for the HTTP API. Looking at them is not on the app's bill. */
export function createRedriver({ api, env, settle }: RedriverDeps) {
  const list = (after?: string) => offTheBill(() => api.list(env, after));

  const open = async (): Promise<readonly string[]> => {
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const { letters, next } = await list(after);
      ids.push(...letters.filter(({ redrivenAt }) => redrivenAt === undefined).map(({ id }) => id));
      after = next;
    } while (after !== undefined);
    return ids;
  };

  const redrive = async (ids?: readonly string[]): Promise<readonly Redriven[]> => {
    const given = [...(ids ?? (await open()))];
    const redriven: Redriven[] = [];
    while (given.length > 0) redriven.push(...(await api.redrive({ env, ids: given.splice(0, REDRIVES_AT_ONCE) })));
    await settle();
    return redriven;
  };

  const asked = async (body: unknown): Promise<readonly Redriven[]> => {
    const { ids, dryRun } = checked(body);
    const redriven = await api.redrive({ env, ids, dryRun });
    await settle();
    return redriven;
  };

  const deadLetter = (id: string) => offTheBill(() => api.get(env, id));
  return { redrive, routes: { deadLetters: list, deadLetter, redrive: asked } };
}

/** @throws StepwellError `STEPWELL_INVALID_OPTION` */
function checked(body: unknown): { readonly ids: readonly string[]; readonly dryRun: boolean } {
  const { ids, dryRun = false } = (body ?? {}) as { readonly ids?: unknown; readonly dryRun?: unknown };
  const isList = Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === "string" && id !== "");
  if (isList && typeof dryRun === "boolean") return { ids, dryRun };
  throw new StepwellError(
    "STEPWELL_INVALID_OPTION",
    "It takes { ids, dryRun? }: ids of dead letters, and whether only to tell what would become of them.",
  );
}
