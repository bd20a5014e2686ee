/** How code of a Lambda is bundled, for esbuild. One list, so that what runs on a laptop is what is deployed. */
const COMMON = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // The default order breaks the AWS SDK's bundles at their import.
  mainFields: ["module", "main"],
  // CommonJS packages inside may ask for Node's own modules.
  banner: {
    js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
  },
  // And where they lie: in a bundle, that is beside it.
  define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
  // An error's name is often its class's.
  keepNames: true,
  logLevel: "silent",
} as const;

/**
 * What hardly any invocation needs, and is too large to carry along: it comes from the Lambda runtime when it is first needed.
 * Credentials are in the environment there; these are other ways to them.
 */
const FROM_THE_RUNTIME = [
  "@aws-sdk/client-s3",
  "@aws-sdk/credential-provider-http",
  "@aws-sdk/credential-provider-ini",
  "@aws-sdk/credential-provider-login",
  "@aws-sdk/credential-provider-process",
  "@aws-sdk/credential-provider-sso",
  "@aws-sdk/credential-provider-web-identity",
  "@smithy/credential-provider-imds",
] as const;

/** The SDK reads browsers' names with it, in browsers. */
const NEVER_LOADED = ["bowser"] as const;

/**
 * For a Lambda: the engine's doors when this package is built, an app's entry at synth. Makes `index.mjs` in the folder `outdir`, and
 * beside it what is imported lazily, which no start has to read. In one file with its importers, esbuild would wrap all that a lazy
 * import reaches in functions, and tree-shake none of it: more bytes, and half as long again to load.
 */
export const lambdaBundle = (entry: string) => ({
  ...COMMON,
  mainFields: [...COMMON.mainFields],
  minify: true,
  legalComments: "none" as const,
  external: [...FROM_THE_RUNTIME, ...NEVER_LOADED],
  entryPoints: { index: entry },
  splitting: true,
  outExtension: { ".js": ".mjs" },
});

/** For a process on a laptop: complete, and with the way back to the sources. */
export const localBundle = () => ({
  ...COMMON,
  mainFields: [...COMMON.mainFields],
  sourcemap: "inline" as const,
});
