import { loadEntry } from "../local/app-process/entry-app.ts";
import { stateOf } from "./data-folder.ts";
import { refuseMissing } from "./entry.ts";
import { describeHolder, holderOf } from "./port.ts";

/** `open`: not there, and only needed for some things. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "failed" | "open";
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

interface LocalOptions {
  readonly port: number;
  readonly data: string;
}

/** What `stepwell dev` needs. */
export async function* localChecks(entry: string | undefined, { port, data }: LocalOptions): AsyncGenerator<Check> {
  yield nodeCheck();
  yield await attempt("bundler", "Install the packages anew: rm -rf node_modules && npm install", bundlerCheck);
  yield await attempt("port", "Choose another one: --port 8289", () => portCheck(port));
  yield await attempt("data", "Name another folder: --data <folder>", () => dataCheck(data));
  if (entry !== undefined) yield await attempt("entry", undefined, () => entryCheck(entry));
}

/** A check that throws has failed, for the reason that it gives. */
export async function attempt(
  name: string,
  advice: string | undefined,
  check: () => Promise<Omit<Check, "name">>,
): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    const { message, advice: own = advice } = error as Error & { readonly advice?: string };
    return { name, state: "failed", detail: message, ...(own !== undefined && { advice: own }) };
  }
}

/** An older one has not come this far. */
const nodeCheck = (): Check => ({
  name: "Node",
  state: "ok",
  detail: `${process.versions.node} (the Lambdas have ${LAMBDA_NODE})`,
});

const LAMBDA_NODE = 24;

async function bundlerCheck(): Promise<Omit<Check, "name">> {
  const { transform, version } = await import("esbuild");
  await transform("const one: number = 1", { loader: "ts" });
  return { state: "ok", detail: `esbuild ${version} works` };
}

async function portCheck(port: number): Promise<Omit<Check, "name">> {
  const holder = await holderOf(port, "127.0.0.1");
  if (holder === "nobody") return { state: "ok", detail: `${port} is free` };
  const detail = `${port} is used by ${describeHolder(holder)}`;
  if (holder !== "stranger") return { state: "ok", detail };
  return { state: "failed", detail, advice: "Choose another one: stepwell dev <entry> --port 8289" };
}

async function dataCheck(folder: string): Promise<Omit<Check, "name">> {
  const state = await stateOf(folder);
  if (state === "absent" || state === "empty") return { state: "ok", detail: `${folder} has no state yet` };
  if (state === "ours") return { state: "ok", detail: `${folder} has the state of earlier starts; --fresh forgets it` };
  const detail = `${folder} has other things in it than a local cloud's state`;
  return { state: "failed", detail, advice: "Name another folder: stepwell dev <entry> --data <folder>" };
}

async function entryCheck(entry: string): Promise<Omit<Check, "name">> {
  refuseMissing(entry);
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const app = await loadEntry({ entry, env: process.env, log, logLevel: "error" });
  const functions = app.functions().map(({ id }) => id);
  await app.close();
  return {
    state: "ok",
    detail: `${entry} is the app "${app.client.id}" with ${functions.join(", ") || "no functions"}`,
  };
}
