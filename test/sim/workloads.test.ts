import { describe, expect, it } from "vitest";
import type { RunView } from "../../sdk/protocol/index.ts";
import type { Played, Story, Workload } from "../../sim/contract.ts";
import { CALM, planOf } from "../../sim/plan.ts";
import { simulate } from "../../sim/simulate.ts";
import { workloads } from "../../sim/workloads/index.ts";

const SEEDS = 2;
/** Stories, until one has what is to be damaged. */
const LOOK_AT_MOST = 20;

const workloadOf = (name: string): Workload => {
  const found = workloads.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`There is no workload ${name}.`);
  return found;
};

/** A story without any weather, and how it went. */
async function playCalmly(name: string, seed: number) {
  const { story, plan } = planOf(workloadOf(name), seed);
  let played: Played | undefined;
  const watched: Story = {
    ...story,
    judge: (how) => {
      played = how;
      return story.judge(how);
    },
  };
  const { findings } = await simulate(watched, { ...plan, weather: CALM });
  if (played === undefined) throw new Error("The story was not judged.");
  return { story, findings, played };
}

describe("where nothing goes wrong, everything is as the stories say", () => {
  it.each(workloads.map(({ name }) => name))("%s", { timeout: 300_000 }, async (name) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { story, findings, played } = await playCalmly(name, seed);
      expect({ findings }, `seed ${seed}\n${story.about}`).toEqual({ findings: [] });
      expect(played.runs.length).toBeGreaterThan(0);
    }
  });

  it.each(workloads.map(({ name }) => name))(
    "%s is told again by the same seed, and differently by another",
    (name) => {
      const told = (seed: number) => {
        const { about, acts } = planOf(workloadOf(name), seed).story;
        return JSON.stringify({ about, acts });
      };
      expect(told(7)).toBe(told(7));
      expect(new Set(Array.from({ length: 20 }, (_, seed) => told(seed))).size).toBeGreaterThan(10);
    },
  );
});

const known = new Map<string, ReturnType<typeof playCalmly>>();

/** Each is played once: damages change nothing. */
function playOnce(name: string, seed: number) {
  const playing = known.get(`${name} ${seed}`) ?? playCalmly(name, seed);
  known.set(`${name} ${seed}`, playing);
  return playing;
}

/** Undefined: there is nothing in this story that can be damaged so. */
type Damage = (played: Played) => Played | undefined;

const withRuns =
  (change: (runs: readonly RunView[]) => readonly RunView[] | undefined): Damage =>
  (played) => {
    const runs = change(played.runs);
    if (runs === undefined) return undefined;
    const known = new Map(runs.map((run) => [run.id, run]));
    const still = ({ id }: RunView) => known.get(id) ?? [];
    return { ...played, runs, runsOf: new Map([...played.runsOf].map(([id, of]) => [id, of.flatMap(still)])) };
  };

/** Changes the first run of which this is said. */
const withRun = (isIt: (run: RunView) => boolean, change: (run: RunView) => readonly RunView[]): Damage =>
  withRuns((runs) => {
    const it = runs.find(isIt);
    return it && runs.flatMap((run) => (run === it ? change(run) : [run]));
  });

type StepView = RunView["steps"][number];

const withStep = (
  kind: string,
  change: (step: StepView) => object,
  isIt: (step: StepView) => boolean = () => true,
): Damage => {
  const find = ({ steps }: RunView) =>
    steps.find((step) => step.kind === kind && step.status === "completed" && isIt(step));
  return withRun(
    (run) => find(run) !== undefined,
    (run) => [{ ...run, steps: run.steps.map((step) => (step === find(run) ? { ...step, ...change(step) } : step)) }],
  );
};

const isMain = ({ functionId }: RunView): boolean => /^m\d$/.test(functionId);
const isChild = ({ functionId }: RunView): boolean => /^c\d$/.test(functionId);
const named =
  (functionId: string) =>
  (run: RunView): boolean =>
    run.functionId === functionId;
const twice = (run: RunView) => [run, { ...run, id: `${run.id}2` }];
const gone = () => [];

const oftener: Damage = (played) => {
  const [[runId = "", counts = {}] = []] = played.witness.bodies;
  const more = Object.fromEntries(Object.entries(counts).map(([id, count]) => [id, count + 5]));
  return { ...played, witness: { ...played.witness, bodies: new Map([...played.witness.bodies, [runId, more]]) } };
};

/** A wait that got its event after a while has timed out instead, much later. */
const missed = withStep(
  "waitForEvent",
  ({ startedAt }) => ({ output: null, endedAt: startedAt + 30 * 86_400_000 }),
  ({ output, startedAt, endedAt = 0 }) => output !== null && endedAt - startedAt > 10_000,
);

describe("the judges find", () => {
  it.each<[what: string, family: string, damage: Damage, text: RegExp]>([
    [
      "another output",
      "sequences",
      withRun(isMain, (run) => [{ ...run, output: `${run.output}>x@1` }]),
      /has ended with .*>x@1, and not with/,
    ],
    [
      "a run that failed for no reason",
      "sequences",
      withRun(isMain, (run) => [{ ...run, status: "failed", error: { name: "Error", message: "oh" } }]),
      /has ended with !oh/,
    ],
    [
      "a run that has not ended",
      "sequences",
      withRun(isMain, (run) => [{ ...run, status: "running", endedAt: undefined }]),
      /is still running/,
    ],
    ["an event that was lost", "sequences", withRun(isMain, gone), /has 0 runs of m0/],
    ["an event that has started two runs", "sequences", withRun(isMain, twice), /has 2 runs of m0/],
    [
      "a run that nobody has cancelled",
      "sequences",
      withRun(isMain, (run) => [{ ...run, status: "cancelled" }]),
      /is cancelled, and nobody has done that/,
    ],
    [
      "a cancelled run that has completed",
      "sequences",
      (played) => ({ ...played, cancelled: new Map(played.runs.map(({ id }) => [id, 0])) }),
      /was cancelled, and is completed/,
    ],
    [
      "a result that is not the one that the code got",
      "sequences",
      withStep("run", () => ({ output: { tries: 1, value: "another" } })),
      /and the table holds/,
    ],
    [
      "a result whose body never ran",
      "sequences",
      (played) => ({ ...played, witness: { ...played.witness, bodies: new Map() } }),
      /whose body never ran/,
    ],
    ["bodies that ran too often", "sequences", oftener, /at most \d+ are explained/],
    [
      "bodies after the end",
      "sequences",
      withRun(isMain, (run) => [{ ...run, endedAt: (run.startedAt ?? 0) - 60_000 }]),
      /ms after the run had ended/,
    ],
    ["a child that was lost", "invokes", withRun(isChild, gone), /there are 0 runs of a child/],
    ["a child that was doubled", "invokes", withRun(isChild, twice), /there are 2 runs of a child/],
    [
      "a child that nobody has invoked",
      "invokes",
      withRun(isChild, (run) => [run, { ...run, id: "X", eventIds: ["nobody"] }]),
      /asks for none/,
    ],
    [
      "a parent that got what its child did not give",
      "invokes",
      withStep("invoke", () => ({ output: "another" })),
      /and its parent's .* got another/,
    ],
    ["a sent event that started nothing", "lifecycle", withRun(named("told"), gone), /there are 0 runs of told/],
    [
      "a sent event that started two runs",
      "lifecycle",
      withRun(named("told"), twice),
      /there are 2 runs of told|is for/,
    ],
    ["an onFailure that was lost", "lifecycle", withRun(named("m0-failure"), gone), /there are 0 runs of m0-failure/],
    [
      "an onFailure that came twice",
      "lifecycle",
      withRun(named("m0-failure"), twice),
      /there are 2 runs of m0-failure/,
    ],
    ["an onCancel that was lost", "lifecycle", withRun(named("m0-cancel"), gone), /there are 0 runs of m0-cancel/],
    [
      "a lifecycle event that nobody heard",
      "lifecycle",
      withRun(named("heard-cancelled"), gone),
      /there are 0 runs of heard-cancelled/,
    ],
    [
      "a result of another step after a deploy",
      "deploys",
      withStep("run", () => ({ output: { tries: 1, value: "other@1" } })),
      /is of other/,
    ],
    [
      "a result of code that was not live yet",
      "deploys",
      withStep("run", ({ id }) => ({ output: { tries: 1, value: `${id}v9@1` } })),
      /version 9, before its deploy/,
    ],
    [
      "a step of another kind that went through",
      "deploys",
      withStep("run", () => ({ kind: "sleep" })),
      /is a step.sleep in the table/,
    ],
    [
      "a step that the last version never did",
      "deploys",
      withRun(named("d0"), (run) => [{ ...run, steps: [] }]),
      /was never done/,
    ],
    [
      "an event that flow control has lost",
      "flow-control",
      withRun(({ status }) => status === "completed", gone),
      /has the fates $|which is no fate/,
    ],
    [
      "a run of flow control that is of no event",
      "flow-control",
      (played) => ({ ...played, runsOf: new Map() }),
      /is no event's fate/,
    ],
    [
      "a run of flow control that works after it was cancelled",
      "flow-control",
      withRun(
        ({ status }) => status === "completed",
        (run) => [{ ...run, status: "cancelled", endedAt: (run.startedAt ?? 0) - 1 }],
      ),
      /went on after it was cancelled/,
    ],
    ["a wait that missed its event", "waits", missed, /has timed out, and an event for it came/],
    [
      "a mismatch that shows one side",
      "deploys",
      withRun(
        ({ status }) => status === "failed",
        (run) => [{ ...run, error: { name: "Error", message: "mismatch", code: "STEPWELL_STEP_MISMATCH" } }],
      ),
      /is failed by STEPWELL_STEP_MISMATCH: mismatch/,
    ],
  ])("%s", { timeout: 300_000 }, async (_, name, damage, text) => {
    for (let seed = 1; seed <= LOOK_AT_MOST; seed++) {
      const { story, played } = await playOnce(name, seed);
      const damaged = damage(played);
      if (damaged === undefined) continue;
      const found = story.judge(damaged).map((finding) => finding.text);
      return expect(found.filter((one) => text.test(one))).not.toEqual([]);
    }
    throw new Error(`No story of ${name} can be damaged so.`);
  });
});
