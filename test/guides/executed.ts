import { afterAll, expect } from "vitest";

/** For the set-up of each test file. When only some tests were asked for, nothing is proved. */
export function expectAllExecuted(): void {
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it that no fixture is asked for
  afterAll(({}, suite) => {
    const isWhole = suite.tasks.every(({ mode }) => mode === "run");
    const never = [...((globalThis as { examplesExecuted?: Map<string, boolean> }).examplesExecuted ?? [])]
      .filter(([, isDone]) => !isDone)
      .map(([place]) => place);
    if (isWhole) expect(never, "examples of a guide that no test executes").toEqual([]);
  });
}
