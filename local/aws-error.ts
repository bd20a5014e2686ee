/** An error as AWS would answer it; each protocol writes it in its own shape. Expected, so it is no accident of ours. */
export class AwsError extends Error {
  override readonly name: string;
  readonly status: number;
  /** Further members of the error's shape. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(name: string, message: string, status = 400, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = name;
    this.status = status;
    this.fields = fields;
  }
}

/** The local cloud never guesses: what it does not have, it names. */
export const unsupported = (what: string, supported?: readonly string[]) =>
  new AwsError(
    "UnknownOperationException",
    `Stepwell's local cloud does not have ${what}.${supported === undefined ? "" : ` It has: ${supported.join(", ")}.`}`,
  );

export const invalid = (message: string) => new AwsError("ValidationException", message);
