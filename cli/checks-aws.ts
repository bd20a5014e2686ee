import { setTimeout as pause } from "node:timers/promises";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { DEFAULT_ENGINE } from "../lambdas/contract.ts";
import { attempt, type Check } from "./checks-local.ts";
import { findEngine } from "./engine-cloud.ts";
import { Failure } from "./failure.ts";
import { useRegion } from "./region.ts";

interface AwsOptions {
  readonly engine?: string;
  readonly region?: string;
}

/** Looking for credentials may ask the network, and wait for an answer that never comes. In ms. */
const CREDENTIALS_MS_MAX = 4_000;
const ENGINE_MS_MAX = 10_000;

/** What deploying needs, and `--engine`. Without a name for the engine nothing of it is needed yet. */
export async function* cloudChecks({ engine, region }: AwsOptions): AsyncGenerator<Check> {
  useRegion(region);
  const { config } = new LambdaClient();
  const missing = engine === undefined ? "open" : "failed";
  const soften = (check: Check): Check => (check.state === "failed" ? { ...check, state: missing } : check);

  const regionCheck = soften(
    await attempt("region", "Set AWS_REGION, or give --region.", async () => ({
      state: "ok",
      detail: await config.region(),
    })),
  );
  yield regionCheck.state === "ok" ? regionCheck : { ...regionCheck, detail: "no AWS region is configured" };

  const credentials = soften(
    await attempt("credentials", SIGN_IN, async () => {
      const { accessKeyId } = await within(CREDENTIALS_MS_MAX, config.credentials());
      return { state: "ok", detail: `AWS credentials of the access key ${accessKeyId.slice(0, 4)}…` };
    }),
  );
  yield credentials.state === "ok" ? credentials : { ...credentials, detail: "no AWS credentials are found" };

  const name = engine ?? DEFAULT_ENGINE;
  if (regionCheck.state !== "ok" || credentials.state !== "ok")
    return yield {
      name: "engine",
      state: missing,
      detail: `${name} cannot be looked for without a region and credentials`,
    };
  yield soften(
    await attempt("engine", undefined, async () => {
      const { tableName, busName, env } = await within(ENGINE_MS_MAX, findEngine(name));
      return { state: "ok", detail: `${name} is deployed: bus ${busName}, table ${tableName}, environment ${env}` };
    }),
  );
}

const SIGN_IN =
  "Sign in to deploy: `aws configure`, `aws sso login`, or AWS_PROFILE. Nothing of it is needed on this machine.";

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const tooLate = pause(ms, undefined, { ref: false, signal: late.signal }).then(() => {
    throw new Failure(`AWS has not answered within ${ms / 1_000} s.`);
  });
  tooLate.catch(() => {});
  return Promise.race([promise, tooLate]).finally(() => late.abort());
}
