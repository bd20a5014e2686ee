import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { App } from "stepwell/cdk";
import { beforeAll, expect, it } from "vitest";
import { builtCode } from "./app-stack.ts";
import { engineStack, ROOT } from "./engine-stack.ts";

const page = readFileSync(join(ROOT, "docs/deploy.md"), "utf8");
/** Cells of the table rows that begin with a cell which `pattern` matches. */
const rows = (pattern: RegExp) =>
  page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, first = ""]) => pattern.test(first));

/** Synthesizing takes seconds, and more where much else is running. */
const SYNTH_MS = 60_000;

let template: Template;
beforeAll(() => {
  const { stack, engine } = engineStack();
  new App(stack, "App", { engine, clientId: "shop", code: builtCode() });
  template = Template.fromStack(stack);
}, SYNTH_MS);

/** What CloudWatch bills: an alarm of an expression is as many as its metrics. */
function alarmMetrics(owner: string): number {
  const alarms = Object.entries(template.findResources("AWS::CloudWatch::Alarm")).filter(([id]) =>
    id.startsWith(owner),
  );
  return alarms.reduce((sum, [, { Properties }]) => {
    const metrics: readonly { readonly MetricStat?: object }[] = Properties.Metrics ?? [{ MetricStat: {} }];
    return sum + metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
  }, 0);
}

it("the page counts the alarms and the polled queues that there are", () => {
  expect(rows(/^alarms of the engine/)[0]?.[2]).toContain(`${alarmMetrics("Engine")} metrics`);
  expect(rows(/^alarms of an app/)[0]?.[2]).toContain(`${alarmMetrics("App")} metrics`);
  const sources = Object.keys(template.findResources("AWS::Lambda::EventSourceMapping")).length;
  expect(rows(/^Lambda's polls/)[0]?.[2]).toContain(`${sources} queues`);
});

it("the page's sum is the sum of its rows", () => {
  const dollars = (cells: readonly string[] | undefined) => Number(/\$([\d.]+)/.exec(cells?.[3] ?? "")?.[1]);
  const counted = rows(/^(alarms of|Lambda's polls|the sweeper)/).map(dollars);
  expect(counted).toHaveLength(7);
  const sum = counted.reduce((total, one) => total + one, 0);
  expect(Math.abs(sum - dollars(rows(/^\*\*in all/)[0]))).toBeLessThanOrEqual(0.02);
});

it("the page names every alarm of an app", () => {
  const alarms = Object.keys(template.findResources("AWS::CloudWatch::Alarm")).flatMap(
    (id) => /^AppAlarms([A-Za-z]+?)[0-9A-F]{8}$/.exec(id)?.[1] ?? [],
  );
  expect(
    rows(/^`[A-Z]\w+`$/)
      .map(([, name]) => name)
      .sort(),
  ).toEqual(alarms.map((name) => `\`${name}\``).sort());
});
