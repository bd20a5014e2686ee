import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, Failure, UsageFailure } from "./failure.ts";
import { paint, print } from "./format.ts";
import { packStepwell } from "./pack.ts";

const TEMPLATE = fileURLToPath(new URL("template/", import.meta.url));
/** What stands in the template for the name of the app, and for the packed stepwell. */
const NAME_IN_TEMPLATE = "my-app";
const TARBALL_IN_TEMPLATE = "stepwell-0.0.0.tgz";
/** Files that npm, git or an editor would take for their own while they lie in this package. */
const HIDDEN_BY_UNDERSCORE: Readonly<Record<string, string>> = {
  "_package.json": "package.json",
  "_tsconfig.json": "tsconfig.json",
  _gitignore: ".gitignore",
  _npmrc: ".npmrc",
};

/** `stepwell init` */
export async function init(folder: string, options: { readonly name?: string }): Promise<number> {
  const target = resolve(folder);
  const name = checkName(options.name ?? basename(target), options.name === undefined);
  await refuseUnlessEmpty(target);
  print(`Packing this stepwell into ${join(folder, "vendor")} …`);
  const tarball = await packStepwell(join(target, "vendor"));
  for (const file of await readdir(TEMPLATE, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(relative(TEMPLATE, file.parentPath), HIDDEN_BY_UNDERSCORE[file.name] ?? file.name);
    const text = await readFile(join(file.parentPath, file.name), "utf8");
    await mkdir(dirname(join(target, path)), { recursive: true });
    const own = text.replaceAll(NAME_IN_TEMPLATE, name).replaceAll(TARBALL_IN_TEMPLATE, tarball);
    await writeFile(join(target, path), own);
  }
  for (const line of nextSteps(name, folder)) print(line);
  return EXIT.ok;
}

/** It becomes the client's id, the package's and the stack's name. */
function checkName(name: string, isFolders: boolean): string {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(name)) return name;
  throw new UsageFailure(`${JSON.stringify(name)} cannot be the name of an app.`, {
    advice: `It begins with a letter, and has up to 64 of a-z, 0-9 and "-".${isFolders ? " Give it with --name." : ""}`,
  });
}

/** A repository without files is empty. */
async function refuseUnlessEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new Failure(`The folder ${folder} cannot be read: ${error.message}`, { cause: error });
  });
  const there = names.filter((name) => name !== ".git");
  if (there.length === 0) return;
  const shown = there.slice(0, 10).join(", ") + (there.length > 10 ? ` and ${there.length - 10} more` : "");
  throw new Failure(`The folder ${folder} is not empty: ${shown}.`, {
    advice: "Name an empty folder, or one that is not there yet: stepwell init my-app",
  });
}

function nextSteps(name: string, folder: string): string[] {
  const data = `'{"userId":"u1","email":"u1@example.com"}'`;
  const steps = [
    ...(resolve(folder) === process.cwd() ? [] : [[`cd ${folder}`, ""]]),
    ["npm install", ""],
    ["npm test", "on a cloud in the tests' own process"],
    ["npm run dev", "on a cloud on this machine; then, in another terminal:"],
    [`npx stepwell send ${name}/user.signed-up ${data}`, ""],
    ["npx cdk deploy", "into your AWS account (once before: npx cdk bootstrap)"],
  ] as const;
  const lines = steps.map(
    ([command, what]) => `  ${what === "" ? command : `${command.padEnd(16)}${paint("dim", what)}`}`,
  );
  return [`${paint("green", "✓")} Made ${paint("bold", name)} in ${resolve(folder)}. Next:`, "", ...lines];
}
