/** Where the local cloud says what AWS would put into a metric or a log group. */
export type LocalLog = (level: "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>) => void;

export const consoleLog: LocalLog = (level, message, fields = {}) => {
  console[level](`[local cloud] ${message}`, fields);
};
