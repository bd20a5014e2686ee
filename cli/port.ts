import { createServer } from "node:net";
import type { About } from "../local/http-api.ts";
import { Failure } from "./failure.ts";
import { aboutLocal } from "./local-cloud.ts";

/** Who has a port: nobody, a stepwell, or some other program. */
export type Holder = "nobody" | "stranger" | About;

export async function holderOf(port: number, host: string): Promise<Holder> {
  const free = await new Promise<boolean>((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(cannotListen(error, port, host));
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
  if (free) return "nobody";
  return (await aboutLocal(urlOf(port, host))) ?? "stranger";
}

/** A host that listens everywhere is no address to call. */
const urlOf = (port: number, host: string): string => {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
};

export const describeHolder = (holder: Exclude<Holder, "nobody">): string =>
  holder === "stranger" ? "another program" : `a stepwell that runs the app "${holder.app}"`;

export function portTaken(port: number, holder: Exclude<Holder, "nobody">): Failure {
  const other = `Choose another port: --port ${port < 65_535 ? port + 1 : 0}`;
  const use = holder === "stranger" ? "" : "Send events to that one, or end it (Ctrl-C in its terminal).\n";
  return new Failure(`The port ${port} is used by ${describeHolder(holder)}.`, {
    code: "STEPWELL_INVALID_OPTION",
    advice: use + other,
  });
}

function cannotListen(cause: NodeJS.ErrnoException, port: number, host: string): Failure {
  const [why, advice] = {
    EACCES: [`The port ${port} is not open to this user.`, "Choose one above 1023: --port 8288"],
    EADDRNOTAVAIL: [
      `The host ${host} is none of this machine's addresses.`,
      "Leave --host out for this machine alone.",
    ],
    ENOTFOUND: [`The host ${host} is not known.`, "Leave --host out for this machine alone."],
  }[cause.code ?? ""] ?? [`Cannot listen on ${host}:${port}: ${cause.message}`, "Look at --port and --host."];
  return new Failure(why ?? "", { code: "STEPWELL_INVALID_OPTION", advice: advice ?? "", cause });
}
