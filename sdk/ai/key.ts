import { badInput, quote } from "../errors/index.ts";

const CODE = "STEPWELL_INVALID_OPTION";

/** The key that was given, or that stands in the environment when the request is made. */
export function keyOf(given: string | undefined, variable: string, where: string): string {
  const key = given ?? process.env[variable];
  if (typeof key === "string" && key !== "") return key;
  throw badInput(CODE, `${where}: apiKey`, `must be given, or stand in the environment variable ${variable}.`);
}

/** An address below that of a service. */
export function urlBelow(baseUrl: string, path: string, where: string): URL {
  const url = URL.parse(path, `${baseUrl}${String(baseUrl).endsWith("/") ? "" : "/"}`);
  if (url !== null) return url;
  throw badInput(CODE, `${where}: baseUrl`, `must be an address of http or https, got ${quote(baseUrl)}.`);
}

export function checkModel(model: unknown, where: string): string {
  if (typeof model === "string" && model !== "") return model;
  throw badInput(CODE, `${where}: model`, `must be the model's name, got ${quote(model)}.`);
}
