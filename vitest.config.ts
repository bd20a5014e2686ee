import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^stepwell$/, replacement: source("sdk/index.ts") },
      { find: /^stepwell\/lambda$/, replacement: source("lambdas/runner/index.ts") },
      { find: /^stepwell\/ai$/, replacement: source("sdk/ai/index.ts") },
      { find: /^stepwell\/middleware$/, replacement: source("middleware/index.ts") },
      { find: /^stepwell\/local$/, replacement: source("local/index.ts") },
      { find: /^stepwell\/test$/, replacement: source("test-kit/index.ts") },
      { find: /^stepwell\/cdk$/, replacement: source("infra/index.ts") },
      { find: /^stepwell\/inngest$/, replacement: source("dropin/inngest/index.ts") },
      { find: /^stepwell\/inngest\/lambda$/, replacement: source("dropin/inngest/lambda.ts") },
      { find: /^stepwell\/oqronkit$/, replacement: source("dropin/oqronkit/index.ts") },
      { find: /^stepwell\/oqronkit\/lambda$/, replacement: source("dropin/oqronkit/lambda.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 30_000,
    // The default leaves a core idle: of two, half.
    maxWorkers: "100%",
    typecheck: { enabled: false },
  },
});
