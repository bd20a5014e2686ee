import fc from "fast-check";
import { expect, it } from "vitest";
import { virtualClock } from "../../local/clock.ts";
import { seededRandom } from "../../local/random.ts";
import { settingsOf } from "../../local/services/sqs-attributes.ts";
import { Queue } from "../../local/services/sqs-queue.ts";
import { memoryStorage } from "../../local/store.ts";
import { SECOND, START } from "./open.ts";

type Step =
  | { readonly do: "send"; readonly delay: number }
  | { readonly do: "receive"; readonly max: number }
  | { readonly do: "delete" | "change"; readonly which: number; readonly seconds: number }
  | { readonly do: "pass"; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("send" as const), delay: fc.nat(20) }),
  fc.record({ do: fc.constant("receive" as const), max: fc.integer({ min: 1, max: 10 }) }),
  fc.record({ do: fc.constantFrom("delete" as const, "change" as const), which: fc.nat(), seconds: fc.nat(40) }),
  fc.record({ do: fc.constant("pass" as const), seconds: fc.nat(40) }),
);

function check(steps: readonly Step[]): void {
  const clock = virtualClock(START);
  const deps = { clock, random: seededRandom(1), store: memoryStorage().part("sqs"), queue: () => undefined };
  const queue = new Queue("q", {}, settingsOf({}), deps);
  const live = new Set<string>();
  const hiddenUntil = new Map<string, number>();
  const handles: { readonly id: string; readonly receipt: string }[] = [];
  const latest = new Map<string, string>();
  for (const one of steps) {
    if (one.do === "send") {
      const { id } = queue.send("x", { delayMs: one.delay * SECOND });
      live.add(id);
      hiddenUntil.set(id, clock.now() + one.delay * SECOND);
    } else if (one.do === "receive") {
      for (const { id, receipt = "" } of queue.receive(one.max)) {
        expect(live.has(id) && (hiddenUntil.get(id) ?? 0) <= clock.now()).toBe(true);
        hiddenUntil.set(id, clock.now() + 30 * SECOND);
        handles.push({ id, receipt });
        latest.set(id, receipt);
      }
    } else if (one.do === "pass") {
      clock.set(clock.now() + one.seconds * SECOND);
      clock.runDue();
    } else if (handles.length > 0) {
      const { id, receipt } = handles[one.which % handles.length] as (typeof handles)[number];
      const current = latest.get(id) === receipt && live.has(id);
      if (one.do === "delete") {
        queue.delete(receipt);
        if (current) live.delete(id);
      } else if (queue.changeVisibility(receipt, one.seconds * SECOND) === "ok") {
        expect(current).toBe(true);
        hiddenUntil.set(id, clock.now() + one.seconds * SECOND);
      }
    }
  }
  expect(new Set(queue.messages().map(({ message }) => message.id))).toEqual(live);
}

it("whatever is done to a queue, no message is lost, doubled or handed out while it is hidden", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), check), { numRuns: 300 });
});
