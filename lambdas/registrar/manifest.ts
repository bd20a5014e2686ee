import { type Manifest, REGISTRY_ITEM_BYTES_MAX, type RegisteredApp, StepwellError } from "../../sdk/protocol/index.ts";
import type { Registration } from "./request.ts";

/** @throws StepwellError `STEPWELL_REGISTRATION_FAILED` when the answer is no manifest that can be put in force */
export function checkManifest(answer: unknown, { app, env }: Registration): Manifest {
  const manifest = (answer ?? {}) as Partial<Manifest>;
  if (manifest.v === undefined || !Array.isArray(manifest.functions)) {
    throw refused(
      `The Lambda of the app "${app}" does not answer with its functions. Its entry has to export ` +
        "`handler = serve({ client, functions })` of stepwell/lambda.",
    );
  }
  if (manifest.v !== 1) {
    throw refused(
      `The app "${app}" was built with a newer stepwell than the engine: its manifest has version ${String(manifest.v)}, and ` +
        "the engine knows version 1. Deploy the engine first, with a stepwell at least as new as the app's.",
    );
  }
  if (manifest.app !== app) {
    throw refused(
      `The entry serves the client "${String(manifest.app)}", but it is deployed as the app "${app}" of the environment "${env}". ` +
        `Write new App(..., { clientId: "${String(manifest.app)}" }), or new Stepwell({ id: "${app}" }).`,
    );
  }
  return manifest as Manifest;
}

/** @throws StepwellError `STEPWELL_REGISTRATION_FAILED` when the registry cannot hold the app */
export function checkSize(app: RegisteredApp): void {
  const bytes = Buffer.byteLength(JSON.stringify(app));
  if (bytes <= REGISTRY_ITEM_BYTES_MAX) return;
  throw refused(
    `The ${app.manifest.functions.length} functions of the app "${app.manifest.app}" take ${bytes} bytes in the registry, ` +
      `which holds ${REGISTRY_ITEM_BYTES_MAX} per app. Split them into several apps, each with a client and an App of its own.`,
  );
}

const refused = (problem: string) =>
  new StepwellError("STEPWELL_REGISTRATION_FAILED", `${problem} What was registered before stays in force.`);
