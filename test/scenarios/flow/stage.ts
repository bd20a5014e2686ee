import type { GetFunctionInput, Stepwell } from "stepwell";
import { afterEach } from "vitest";
import type { AnyFunction } from "../../../sdk/index.ts";
import { type App, openStage, type Stage } from "../../laws/harness.ts";

type Input = GetFunctionInput<Stepwell>;

const opened = new Set<Stage>();

afterEach(async () => {
  const stages = [...opened];
  opened.clear();
  await Promise.all(stages.map(({ cloud }) => cloud.close()));
});

/** What functions on a stage have done: who executes now, and who began in which order. */
export class Watch {
  /** Event ids in the order in which their runs began. */
  readonly began: string[] = [];
  /** When each began, on the virtual clock. */
  readonly at = new Map<string, number>();
  readonly #live = new Map<string, number>();
  readonly #most = new Map<string, number>();

  /** The most that executed at a time with this name. */
  most(name: string): number {
    return this.#most.get(name) ?? 0;
  }

  begin(id: string): void {
    this.began.push(id);
    this.at.set(id, Date.now());
  }

  /** Counts a body under some names while it lasts. */
  async during(names: readonly string[], body: () => Promise<void>): Promise<void> {
    for (const name of names) this.#count(name, 1);
    await body();
    for (const name of names) this.#count(name, -1);
  }

  #count(name: string, by: number): void {
    const live = (this.#live.get(name) ?? 0) + by;
    this.#live.set(name, live);
    this.#most.set(name, Math.max(this.most(name), live));
  }
}

export interface FlowStage extends Stage {
  readonly watch: Watch;
  /** Sends one event at a time of one name, as given. */
  go(name: string, ids: readonly string[], data?: object): Promise<void>;
}

export type FlowApp = App & { readonly watch: Watch };

/** A cloud on the virtual clock, without a sweeper that comes by itself; closed after the test. */
export async function openFlow(functions: (app: FlowApp) => readonly AnyFunction[]): Promise<FlowStage> {
  const watch = new Watch();
  const stage = await openStage({ name: "flow", functions: (app) => functions({ ...app, watch }) });
  opened.add(stage);
  const go = async (name: string, ids: readonly string[], data: object = {}) => {
    for (const id of ids) await stage.cloud.send({ id, name: `flow/${name}`, data });
  };
  // Some of a stage's properties are read when they are asked for.
  return Object.assign(Object.create(stage) as Stage, { watch, go });
}

/** A function of the event `flow/<id>`. */
export const on = (app: FlowApp, id: string, options: object, handler: (input: Input) => unknown): AnyFunction =>
  app.client.createFunction({ id, ...options }, { event: `flow/${id}` }, handler as never);

/** One that works for so long in one step, under the names of its function, its event's user, and both. */
export const worker = (app: FlowApp, id: string, options: object, takesMs: number | ((input: Input) => number)) =>
  on(app, id, options, ({ event, step }) =>
    step.run("work", () => {
      const { user = "nobody" } = event.data as { user?: string };
      app.watch.begin(event.id ?? "");
      const takes = typeof takesMs === "number" ? takesMs : takesMs({ event } as Input);
      return app.watch.during([id, user, "all"], () => app.slow(takes));
    }),
  );

/** `r000`, `r001`, … */
export const ids = (count: number, prefix = "r"): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, "0")}`);
