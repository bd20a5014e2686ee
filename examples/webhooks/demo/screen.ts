import type { WriteStream } from "node:tty";

const UPDATE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 2_000;
const CLEAR_LINE = "\r\x1b[2K";

type Paint = (text: string) => string;

/** Where the demo writes to. */
export interface Screen {
  readonly bold: Paint;
  readonly green: Paint;
  readonly red: Paint;
  print(text: string): void;
  /** Shows progress until the function returned is called: one line that changes, or, in a pipe, a plain line now and then. */
  follow(progress: () => string): () => void;
}

export function createScreen(out: WriteStream, env: NodeJS.ProcessEnv): Screen {
  const isTerminal = out.isTTY && env.TERM !== "dumb";
  const hasColours = isTerminal && !env.NO_COLOR;
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      hasColours ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  let isFollowing = false;
  const clear = () => (isTerminal && isFollowing ? CLEAR_LINE : "");
  const print = (text: string) => void out.write(`${clear()}${text}\n`);
  const update = (text: string) => void out.write(clear() + text.slice(0, (out.columns || 80) - 1));

  const follow = (progress: () => string) => {
    isFollowing = true;
    const show = () => (isTerminal ? update : print)(progress());
    const timer = setInterval(show, isTerminal ? UPDATE_EVERY_MS : PLAIN_EVERY_MS);
    return () => {
      clearInterval(timer);
      out.write(clear());
      isFollowing = false;
    };
  };
  // Whoever read the pipe has seen enough (`| head`): go on in silence, the exit code still counts.
  out.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return { bold: paint(1, 22), green: paint(32, 39), red: paint(31, 39), print, follow };
}
