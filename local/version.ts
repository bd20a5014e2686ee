import { createRequire } from "node:module";

/** This package's version. Found by its own name: the way to its root is another one from the sources than from what is built. */
export const { version: VERSION } = createRequire(import.meta.url)("stepwell/package.json") as { version: string };
