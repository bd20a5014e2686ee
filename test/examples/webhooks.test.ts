import type { RunView } from "stepwell";
import { type LocalCloud, startLocal } from "stepwell/local";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stepwell } from "../../examples/webhooks/client.ts";
import { allDeliveries } from "../../examples/webhooks/demo/deliveries.ts";
import { expectedStatus, functions } from "../../examples/webhooks/functions.ts";

const webhooks = allDeliveries();

/** The first example of that name, with other fields if given. */
const example = (name: string, changes: object = {}) => {
  const found = webhooks.find((delivery) => delivery.name === name);
  if (found === undefined) throw new Error(`There is no example of ${name}.`);
  return { name, data: { ...found.data, ...changes } };
};

const signatures = ({ steps }: RunView) => steps.map(({ kind, id }) => `${kind} ${id}`);

/** Ids of the events that a run has sent. */
const sentBy = ({ steps }: RunView) =>
  steps.filter(({ kind }) => kind === "sendEvent").flatMap(({ output }) => (output as { ids: string[] }).ids);

const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

describe("the webhooks example, on the virtual clock", () => {
  let cloud: LocalCloud;
  beforeEach(async () => {
    cloud = await startLocal({ client: stepwell, functions, clock: "virtual", logger });
  });
  afterEach(() => cloud.close());

  const send = async (event: { name: string; data: object }) => (await cloud.send(event)).ids[0];
  /** The run of one function that an event has started. */
  const runOf = async (functionId: string, eventId: string | undefined): Promise<RunView> => {
    const run = (await cloud.runsOf(eventId)).find((one) => one.functionId === functionId);
    if (run === undefined) throw new Error(`${eventId} has started no run of ${functionId}.`);
    return run;
  };
  const endOf = async (functionId: string, eventId: string | undefined) =>
    cloud.waitForRun((await runOf(functionId, eventId)).id);

  it("an issue that is labeled in time is triaged with its label", async () => {
    const opened = await send(example("github/issues.opened"));
    expect(await runOf("triage-issue", opened)).toMatchObject({ status: "waiting" });
    await send(example("github/issues.labeled", { issue: { id: 1 } }));
    expect(await runOf("triage-issue", opened)).toMatchObject({ status: "waiting" });
    await send(example("github/issues.labeled"));
    expect(await runOf("triage-issue", opened)).toMatchObject({
      status: "completed",
      output: { suggestion: "documentation", label: "bug" },
    });
  });

  it("an issue that nobody labels is brought to mind after the timeout", async () => {
    const run = await endOf("triage-issue", await send(example("github/issues.opened")));
    expect(run.output).toEqual({ suggestion: "documentation", label: null });
    expect(signatures(run)).toEqual(["run classify", "waitForEvent a-label", "run remind-maintainers"]);
    expect((run.endedAt ?? 0) - run.queuedAt).toBeGreaterThanOrEqual(5_000);
  });

  it("of two discussions, the one that is answered is not bumped", async () => {
    const { ids } = await cloud.send(webhooks.filter(({ name }) => name === "github/discussion.created"));
    await send(example("github/discussion.answered"));
    expect((await endOf("answer-discussion", ids[0])).output).toEqual({ answered: false });
    expect((await endOf("answer-discussion", ids[1])).output).toEqual({ answered: true });
  });

  it("a release goes through every kind of step, and retries its flaky one once", async () => {
    const published = await send(example("github/release.published"));
    const run = await endOf("ship-release", published);
    expect(run.status).toBe("completed");
    expect(signatures(run)).toEqual([
      "run upload-to-mirror",
      "waitForEvent last-corrections",
      "run notes-in-english",
      "run notes-in-italian",
      "invoke check-secrets",
      "sleep let-mirrors-catch-up",
      "sleep embargo",
      "sendEvent announce",
    ]);
    expect(run.steps.filter(({ attempts }) => attempts > 1)).toMatchObject([{ id: "upload-to-mirror", attempts: 2 }]);
    const ids = sentBy(run);
    expect((await endOf("tell-subscribers", ids[0])).output).toEqual({ mails: 2 });
  });

  it("a fan is thanked after a moment, and subscribers hear nothing of it", async () => {
    const run = await endOf("thank-fan", await send(example("github/star.created")));
    expect(run).toMatchObject({ status: "completed", output: "Thank you, Codertocat!" });
    expect(await cloud.runsOf(sentBy(run)[0])).toEqual([]);
  });

  it("a push invokes every check of every commit, and reports what failed", async () => {
    const commit = (id: string) => ({ id, message: id, added: ["a.ts"], modified: [`${id}.ts`], removed: [] });
    const pushed = await send(example("github/push", { commits: ["5ec2e7f", "aaaaaaa", "bbbbbbb"].map(commit) }));
    const run = await endOf("review-push", pushed);
    expect(run.output).toMatchObject({ files: 4, checks: 9, failed: ["secrets"] });
    expect(run.steps.filter(({ kind }) => kind === "invoke")).toHaveLength(9);
  });

  it("a push of a tag has no commits and starts no review", async () => {
    const pushed = await send(example("github/push", { commits: [] }));
    expect((await cloud.runsOf(pushed)).map(({ functionId }) => functionId)).toEqual(["audit"]);
  });

  it("a deployment to production is refused at once, and the team is told", async () => {
    const run = await endOf("deploy-production", await send(example("github/deployment.created")));
    expect(run).toMatchObject({ status: "failed", attempts: 1, error: { name: "NonRetriableError" } });
    const told = await endOf("deploy-production-failure", `${run.id}-failed`);
    expect(told).toMatchObject({ status: "completed", output: expect.stringContaining("nobody has approved it") });
  });

  it("an approved deployment to production goes through", async () => {
    const deployment = { id: 1, environment: "production", ref: "main", payload: { approvedBy: "ada" } };
    const run = await endOf("deploy-production", await send(example("github/deployment.created", { deployment })));
    expect(run).toMatchObject({ status: "completed", output: "main is on production." });
  });

  it("every function has an expected end", () => {
    const ids = functions.flatMap((fn) => fn.durables()).map(({ id }) => id);
    expect(Object.keys(expectedStatus).toSorted()).toEqual(ids.toSorted());
  });
});
