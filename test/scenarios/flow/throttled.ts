import type { FlowManifest, Throttle } from "../../../sdk/protocol/index.ts";
import { type FlowStage, openFlow, worker } from "./stage.ts";

export interface ThrottledStage extends FlowStage {
  /** Puts a version of the one function in force. */
  deploy(throttle: Throttle | undefined, more?: FlowManifest): Promise<void>;
  /** When the runs of these events began, in milliseconds after the stage was opened. */
  begins(ids: readonly string[]): readonly (number | undefined)[];
  /** Schedules that there are. */
  schedules(): number;
}

/** A stage with one function, `mail`, whose work takes no time. */
export async function openThrottled(throttle: Throttle | undefined, more: FlowManifest = {}): Promise<ThrottledStage> {
  const manifests: { flow?: FlowManifest }[] = [];
  let versions = 0;
  const stage = await openFlow((app) => {
    const mail = worker(app, "mail", {}, 0);
    const { manifest } = mail as unknown as { manifest: { flow?: FlowManifest } };
    Object.assign(manifest, { flow: flowOf(throttle, more) });
    manifests.push(manifest);
    return [mail];
  });
  const { clock } = stage.aws;
  const from = clock.now();
  const deploy = async (next: Throttle | undefined, extra: FlowManifest = {}) => {
    for (const manifest of manifests) Object.assign(manifest, { flow: flowOf(next, extra) });
    await stage.doors.register(`v${++versions}`);
  };
  const begins = (ids: readonly string[]) =>
    ids.map((id) => {
      const at = stage.watch.at.get(id);
      return at === undefined ? undefined : at - from;
    });
  const schedules = () => stage.aws.scheduler.inputs().length;
  return Object.assign(Object.create(stage) as FlowStage, { deploy, begins, schedules });
}

const flowOf = (throttle: Throttle | undefined, more: FlowManifest): FlowManifest => ({
  ...more,
  ...(throttle && { throttle }),
});
