import type { LocalEntryOptions } from "stepwell/local";

type Logger = NonNullable<LocalEntryOptions["logger"]>;

export interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger, and the lines that it was given. */
export function collectLines(): { readonly lines: readonly Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const write = (level: Line["level"]) => (message: string, fields?: object) =>
    void lines.push({ level, message, fields: { ...fields } });
  return { lines, logger: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") } };
}
