import type { AnyFunction } from "stepwell";
import type { LocalCloud } from "stepwell/local";
import { type Input, on, type stepwell } from "../cloud.ts";

/** What a run has got: its event's number, and all of its events'. */
export interface Got {
  readonly event: unknown;
  readonly events: readonly unknown[];
}

/** A function of the event `shop/<id>` under flow control; it returns the numbers of its events, as `got` shows them. */
export const controlled = (
  id: string,
  options: Parameters<typeof on>[2],
  handler: (input: Input) => unknown = got,
): AnyFunction => on(id, handler, options);

export const got = ({ event, events }: Input): Got => ({
  event: numberOf(event.data),
  events: events.map(({ data }) => numberOf(data)),
});

const numberOf = (data: unknown): unknown => (data as { n: unknown }).n;

export interface Numbered {
  readonly ts?: number;
  readonly data?: object;
}

/** Sends the event `shop/<id>` with the number `n`, and the id `e<n>`. */
export async function sendNumber(cloud: LocalCloud, id: string, n: number, { ts, data }: Numbered = {}): Promise<void> {
  const event = { id: `e${n}`, name: `shop/${id}`, data: { n, ...data }, ...(ts !== undefined && { ts }) };
  await cloud.send(event as Parameters<typeof stepwell.send>[0] as never);
}

/** Outputs of the runs of a function that have completed, the earliest first, and by their text if they are of one time. */
export async function outputsOf(cloud: LocalCloud, functionId: string): Promise<readonly unknown[]> {
  const runs = await cloud.runs({ functionId, status: "completed", limit: 100 });
  const views = await Promise.all(runs.map(({ id }) => cloud.run(id)));
  const ended = views.map((view) => ({ at: view?.queuedAt ?? 0, output: view?.output }));
  const text = ({ output }: { output: unknown }) => JSON.stringify(output);
  return ended.toSorted((a, b) => a.at - b.at || (text(a) < text(b) ? -1 : 1)).map(({ output }) => output);
}

/** What `runsOf` tells of the event with the number `n`. */
export async function fateOf(cloud: LocalCloud, n: number) {
  const [run, ...others] = await cloud.runsOf(`e${n}`);
  if (run === undefined || others.length > 0) throw new Error(`The event e${n} has ${others.length + 1} runs.`);
  return run;
}
