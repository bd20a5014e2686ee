import { describe, expect, it } from "vitest";
import type { LocalAws } from "../../local/aws.ts";
import { disturb, twice } from "../../sim/mail.ts";
import { HOUR_MS, MINUTE_MS } from "../laws/scenarios.ts";
import { openTenants, type TenantApp } from "./tenants.ts";

const DAY_MS = 24 * HOUR_MS;

/** Nominal times at which a cron's runs were begun, each once for each run. */
const noting = (times: string[], cron: readonly string[]) => (app: TenantApp) => [
  app.client.createFunction(
    { id: "job" },
    cron.map((text) => ({ cron: text })),
    async ({ event, step }) => {
      await step.run("note", () => void times.push(new Date(event.ts ?? 0).toISOString().slice(0, 16)));
    },
  ),
];

interface RunsOptions {
  readonly days?: number;
  readonly prepare?: (aws: LocalAws) => void;
}

/** The nominal times of the runs of some days, in UTC. */
async function runsFrom(startAt: string, cron: readonly string[], { days = 3, prepare }: RunsOptions = {}) {
  const times: string[] = [];
  const tenants = await openTenants(["main"], ["shop"], noting(times, cron), { startAt: Date.parse(startAt) });
  prepare?.(tenants.aws);
  await tenants.pass(days * DAY_MS);
  return times;
}

describe("B-9: a run for each nominal time, through every change of clocks", () => {
  // The rule: a time that the clocks leave out is skipped; one that comes twice is run once; hours that repeat, repeat a `*`.
  it.each([
    [
      "Europe/Berlin, spring: half past two is left out",
      "2027-03-27T00:00Z",
      "TZ=Europe/Berlin 30 2 * * *",
      ["2027-03-27T01:30", "2027-03-29T00:30"],
    ],
    [
      "Europe/Berlin, autumn: half past two comes twice",
      "2027-10-30T00:00Z",
      "TZ=Europe/Berlin 30 2 * * *",
      ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"],
    ],
    [
      "America/New_York, spring",
      "2027-03-13T00:00Z",
      "TZ=America/New_York 15 2 * * *",
      ["2027-03-13T07:15", "2027-03-15T06:15"],
    ],
    [
      "America/New_York, autumn",
      "2027-11-06T00:00Z",
      "TZ=America/New_York 15 1 * * *",
      ["2027-11-06T05:15", "2027-11-07T05:15", "2027-11-08T06:15"],
    ],
    [
      "Australia/Lord_Howe, whose clocks go forward by half an hour",
      "2027-10-01T12:00Z",
      "TZ=Australia/Lord_Howe 15 2 * * *",
      ["2027-10-01T15:45", "2027-10-03T15:15"],
    ],
    [
      "Australia/Lord_Howe, and back",
      "2027-04-02T12:00Z",
      "TZ=Australia/Lord_Howe 45 1 * * *",
      ["2027-04-02T14:45", "2027-04-03T14:45", "2027-04-04T15:15"],
    ],
    [
      "a time beside the gap is not touched",
      "2027-03-27T00:00Z",
      "TZ=Europe/Berlin 0 3 * * *",
      ["2027-03-27T02:00", "2027-03-28T01:00", "2027-03-29T01:00"],
    ],
    [
      "UTC has no such days",
      "2027-03-27T00:00Z",
      "30 2 * * *",
      ["2027-03-27T02:30", "2027-03-28T02:30", "2027-03-29T02:30"],
    ],
  ])("%s", async (_, startAt, cron, expected) => {
    expect(await runsFrom(startAt, [cron])).toEqual(expected);
  });

  it("every hour is every hour: in spring there is one less by the wall clock, in autumn one more", async () => {
    const hourly = await runsFrom("2027-03-27T18:00Z", ["TZ=Europe/Berlin 30 */1 * * *"], { days: 0.5 });
    const autumn = await runsFrom("2027-10-30T18:00Z", ["TZ=Europe/Berlin 30 * * * *"], { days: 0.5 });
    for (const times of [hourly, autumn]) {
      const gaps = times.slice(1).map((time, i) => Date.parse(`${time}Z`) - Date.parse(`${times[i]}Z`));
      expect(new Set(gaps)).toEqual(new Set([HOUR_MS]));
      expect(times).toHaveLength(12);
    }
  });

  it("a firing that comes again, minutes or a day later, is the same run", async () => {
    for (const laterMs of [0, 7 * MINUTE_MS, DAY_MS + MINUTE_MS]) {
      const times = await runsFrom("2027-10-30T00:00Z", ["TZ=Europe/Berlin 30 2 * * *"], {
        prepare: (aws) => disturb(aws, twice(laterMs), "shop"),
      });
      expect(times).toEqual(["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]);
    }
  });

  it("two schedules, and two triggers, that meet at one time are one run", async () => {
    // Either day field suffices, so that this is two schedules: the 31st is a Sunday.
    const both = ["TZ=Europe/Berlin 30 2 31 * 0", "TZ=Europe/Berlin 30 2 * * *"];
    expect(await runsFrom("2027-10-30T00:00Z", both)).toEqual([
      "2027-10-30T00:30",
      "2027-10-31T00:30",
      "2027-11-01T01:30",
    ]);
  });
});
