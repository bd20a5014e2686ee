import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { diskStorage } from "../local/store.ts";
import { Failure } from "./failure.ts";

/** What `stepwell dev` and the local cloud have in their data folder. */
const OURS = [".gitignore", "dynamodb", "services"];
const IGNORE_ALL = "*\n";

export type FolderState = "absent" | "empty" | "ours" | "foreign";

/** Whose a folder is, told by what is in it. */
export async function stateOf(folder: string): Promise<FolderState> {
  try {
    const names = await readdir(folder);
    if (names.length === 0) return "empty";
    if (!names.every((name) => OURS.includes(name))) return "foreign";
    // Of a project that has just been begun there may be this file alone, and it is not ours.
    const ignored = names.includes(".gitignore") ? await readFile(join(folder, ".gitignore"), "utf8") : IGNORE_ALL;
    return ignored === IGNORE_ALL ? "ours" : "foreign";
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "absent";
    throw new Failure(`The data folder ${folder} cannot be read: ${message}`, { cause: error });
  }
}

/** @throws StepwellError when a local cloud has it open */
async function refuseUsed(path: string): Promise<void> {
  if (!existsSync(join(path, "services"))) return;
  const storage = await diskStorage(join(path, "services"));
  await storage.close();
}

/** Makes the folder if need be, keeps it out of git, and, if asked to, empties it: but never somebody else's. */
export async function prepareData(folder: string, fresh: boolean): Promise<string> {
  const path = resolve(folder);
  const state = await stateOf(path);
  if (state === "foreign")
    throw new Failure(`The folder ${path} has other things in it than a local cloud's state.`, {
      code: "STEPWELL_INVALID_OPTION",
      advice: "Name another one with --data: one of its own, or one that is not there yet.",
    });
  if (fresh && state === "ours") await refuseUsed(path);
  if (fresh) await Promise.all(OURS.map((name) => rm(join(path, name), { recursive: true, force: true })));
  await mkdir(path, { recursive: true });
  await writeFile(join(path, ".gitignore"), IGNORE_ALL);
  return path;
}
