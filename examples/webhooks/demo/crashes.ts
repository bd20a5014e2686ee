import { setTimeout as pause } from "node:timers/promises";
import type { AppStatus, LocalCloud } from "stepwell/local";
import { columns, count, plural, time } from "./format.ts";
import type { LogBook, StepStart } from "./log-book.ts";
import type { Screen } from "./screen.ts";

/** Shares of the webhooks that have been sent when the app's process is killed, soon after the next step has begun. */
const KILL_AT = [0.2, 0.45, 0.7];
const LOOK_EVERY_MS = 10;
/** A moment later, when other steps have begun too. */
const OTHERS_MS = 50;
/** What the process sent with its last breath has arrived by then. A lease lasts much longer, so nothing has been repeated yet. */
const LAST_CALLS_MS = 250;

interface Kill {
  /** What was under way: begun by the process that was killed, and without a result. */
  readonly inFlight: readonly StepStart[];
}

type Cloud = Pick<LocalCloud, "run"> & { readonly app: AppStatus };

/** Kills the app's process now and then, and keeps account of what was under way. */
export function createCrashes(cloud: Cloud, log: LogBook, screen: Screen) {
  const kills: Promise<Kill>[] = [];
  let startsSeen = 0;

  const withoutResult = async (begun: readonly StepStart[]): Promise<readonly StepStart[]> => {
    const runs = await Promise.all([...new Set(begun.map(({ runId }) => runId))].map((id) => cloud.run(id)));
    const hasResult = ({ runId, stepId }: StepStart) =>
      runs.some(
        (run) => run?.id === runId && run.steps.some((step) => step.id === stepId && step.endedAt !== undefined),
      );
    return begun.filter((start) => !hasResult(start));
  };
  const kill = async (): Promise<Kill> => {
    const { pid = 0, starts } = cloud.app;
    process.kill(pid, "SIGKILL");
    const killedAt = performance.now();
    screen.print(screen.red(`SIGKILL to the app, process ${pid}`));
    const isReady = async () => {
      while (cloud.app.starts === starts) await pause(LOOK_EVERY_MS);
      screen.print(`Process ${cloud.app.pid} takes over, ${time(performance.now() - killedAt)} later`);
    };
    const lookAtTheDead = async () => {
      await pause(LAST_CALLS_MS);
      const begun = log.starts.slice(startsSeen);
      startsSeen = log.starts.length;
      return withoutResult(begun);
    };
    const [inFlight] = await Promise.all([lookAtTheDead(), isReady()]);
    return { inFlight };
  };

  return {
    /** Tells how far the demo is: at certain points the process is killed. */
    onProgress: (share: number) => {
      if (share < (KILL_AT[kills.length] ?? Number.POSITIVE_INFINITY)) return;
      log.onStepStart(() => {
        log.onStepStart(() => {});
        kills.push(pause(OTHERS_MS).then(kill));
      });
    },
    report: async () => crashReport(await Promise.all(kills), log),
  };
}

export type Crashes = ReturnType<typeof createCrashes>;

/** What ran again, and whether each of these was under way at a kill. */
function crashReport(kills: readonly Kill[], { starts, retries }: LogBook) {
  const times = Map.groupBy(starts, keyOf);
  const countIn = (list: readonly StepStart[], key: string) => list.filter((one) => keyOf(one) === key).length;
  // A step that failed is begun again too: that is its retry.
  const repeats = [...times].flatMap(([key, [step, ...again]]) => {
    const extra = again.length - countIn(retries, key);
    return step === undefined || extra <= 0 ? [] : [{ key, step, extra }];
  });
  const underWay = (key: string) => kills.filter(({ inFlight }) => countIn(inFlight, key) > 0).length;
  const rows = repeats.map(({ step, key, extra }) => [
    `${step.functionId} ${step.runId} "${step.stepId}"`,
    plural(extra + 1, "time"),
    `under way at ${plural(underWay(key), "kill")}`,
  ]);
  return {
    title: "What the kills did",
    lines: [
      `${plural(kills.length, "kill")}, with ${kills.map(({ inFlight }) => inFlight.length).join(", ")} steps under way`,
      `${plural(times.size, "step")} ran, ${count(repeats.length)} of them again after a kill:`,
      ...columns(rows),
    ],
    complaints: [
      ...(kills.length < KILL_AT.length ? [`the app was killed ${plural(kills.length, "time")} only`] : []),
      ...repeats
        .filter(({ key, extra }) => extra > underWay(key))
        .map(
          ({ step }) =>
            `"${step.stepId}" of ${step.functionId} ${step.runId} ran again, and was not under way at a kill`,
        ),
    ],
  };
}

const keyOf = ({ runId, stepId }: StepStart): string => `${runId} ${stepId}`;
