import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OWNED = /^stepwell-app-(\d+)-/;

/** A fresh folder for this process's bundles. Those that processes have left behind that were killed are removed. */
export async function bundleFolder(): Promise<string> {
  const names = await readdir(tmpdir());
  const left = names.filter((name) => isDead(Number(OWNED.exec(name)?.[1])));
  // Another user's may be left to that user.
  const remove = (name: string) => rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  await Promise.all(left.map(remove));
  return mkdtemp(join(tmpdir(), `stepwell-app-${process.pid}-`));
}

function isDead(pid: number): boolean {
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
