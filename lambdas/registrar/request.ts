/** A deployed version of an app: the properties of its custom resource, all of them text. */
export interface Registration {
  readonly env: string;
  /** The app's name: its client's id. */
  readonly app: string;
  /** The version that is asked for its manifest: an ARN that ends with the version's number. */
  readonly functionName: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly codeVersion: string;
  /** Asks the version and checks its answer, and leaves it at that: before runs are given to it. @default - puts it in force */
  readonly checkOnly?: "true";
}

/** What CloudFormation asks of a custom resource, as far as it matters here. */
export interface RegistrarRequest {
  readonly RequestType: "Create" | "Update" | "Delete";
  /** Absent on a laptop, where nothing is delivered twice. */
  readonly RequestId?: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Registration;
}

export interface RegistrarAnswer {
  readonly PhysicalResourceId: string;
}
