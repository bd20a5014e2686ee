#!/usr/bin/env node
// An old Node has to be able to read this file, to be told that it is too old: nothing of this package is imported before.
import module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `stepwell: Stepwell needs Node 22.12 or newer; this is ${process.versions.node}.\n` +
      "  Install a newer Node, or add one to your project alone: npm install --save-dev node@24, then run stepwell by npx.\n",
  );
  process.exitCode = 1;
} else {
  // The AWS SDK is large: from the second time on, half of the start-up is saved.
  module.enableCompileCache();
  import("./main.ts").then(({ main }) => main(process.argv.slice(2)));
}
