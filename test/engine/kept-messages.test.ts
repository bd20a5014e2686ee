import { expect, it } from "vitest";
import { keptFor } from "../../lambdas/runner/delivery.ts";
import { HEARTBEAT_MS, LEASE_MS, SQS_RECEIVES_MAX } from "../../sdk/protocol/index.ts";

const DAY_MS = 86_400_000;

it.each([
  ["is over", 0],
  ["ends in a moment", 1],
  ["has missed a heartbeat", 2_249],
])("a message whose holder's lease %s comes back half a second after it", (_name, left) => {
  expect(keptFor(left)).toBe(left + 500);
});

it.each([
  ["was renewed when it should have been", LEASE_MS - HEARTBEAT_MS],
  ["has just begun", LEASE_MS],
])("a message whose holder's lease %s is received less often than makes it a dead letter (L8)", (_name, left) => {
  expect((15 * 60_000) / keptFor(left)).toBeLessThan(SQS_RECEIVES_MAX);
});

it("a message comes back after the lease that it waits for, however long that is (L2)", () => {
  expect(keptFor(DAY_MS)).toBeGreaterThan(DAY_MS);
});
