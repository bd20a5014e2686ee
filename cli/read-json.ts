import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Failure, UsageFailure } from "./failure.ts";
import { parseJson } from "./json-text.ts";

/** JSON from the command line: the text itself, `@file`, or `-` for stdin. `what` is for messages. */
export async function readJson(given: string, what: string): Promise<unknown> {
  const { content, source } = await read(given);
  try {
    return parseJson(content);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [where = "", ...lines] = error.message.split("\n");
    const shell = source === "" ? '\nIn a shell, put JSON into single quotes: \'{"orderId":"o1"}\'' : "";
    throw new UsageFailure(`The ${what}${source} is not JSON: ${where}.`, { advice: lines.join("\n") + shell });
  }
}

async function read(given: string): Promise<{ readonly content: string; readonly source: string }> {
  if (given === "-") return { content: await text(process.stdin), source: " from stdin" };
  if (!given.startsWith("@")) return { content: given, source: "" };
  const file = given.slice(1);
  const content = await readFile(file, "utf8").catch((cause: unknown) => {
    const advice = "Text that begins with @ names a file.";
    throw new Failure(`The file ${file} cannot be read: ${(cause as Error).message}`, { advice, cause });
  });
  return { content, source: ` in ${file}` };
}
