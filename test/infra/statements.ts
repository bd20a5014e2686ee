import type { Template } from "aws-cdk-lib/assertions";

/** One action that somebody may do on one resource. */
export interface Allowed {
  readonly who: string;
  readonly action: string;
  readonly on: string;
  readonly when: string;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Which property has the name of what an ARN leads to, and how its ARN goes on. */
const ARNS: Readonly<Record<string, readonly [name: string, arn: (name: string) => string]>> = {
  "AWS::SQS::Queue": ["QueueName", (name) => `sqs:${name}`],
  "AWS::S3::Bucket": ["BucketName", (name) => `s3:${name}`],
  "AWS::Logs::LogGroup": ["LogGroupName", (name) => `logs:${name}`],
  "AWS::Lambda::Function": ["FunctionName", (name) => `lambda:function:${name}`],
  "AWS::Events::Rule": ["Name", (name) => `events:rule ${name}`],
};

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** What a template allows, in the words of `docs/permissions.md`: names, with placeholders for those of users. */
export class Policies {
  readonly #resources: Readonly<Record<string, Resource>>;
  readonly #rename: (text: string) => string;

  /** `rename` puts placeholders for names of users, and in place of logical ids. */
  constructor(template: Template, rename: (text: string) => string) {
    this.#resources = template.toJSON().Resources;
    this.#rename = rename;
  }

  /** Of roles, queues, buckets, keys and Lambdas. */
  allowed(): readonly Allowed[] {
    return Object.entries(this.#resources).flatMap(([id, resource]) => this.#allowedBy(id, resource));
  }

  /** Statements that forbid, each with what it is about. */
  denied(): readonly { readonly on: string; readonly when: string }[] {
    const statements = Object.values(this.#resources).flatMap(({ Properties }) =>
      statementsOf(Properties?.PolicyDocument),
    );
    return statements
      .filter(({ Effect }) => Effect === "Deny")
      .flatMap(({ Resource, Condition }) =>
        asList(Resource).map((on) => ({ on: this.text(on), when: this.#when(Condition) })),
      );
  }

  managedPolicies(): readonly { readonly who: string; readonly policy: string }[] {
    return this.#of("AWS::IAM::Role").flatMap(([id, { Properties }]) =>
      asList(Properties.ManagedPolicyArns ?? []).map((policy) => ({ who: this.#role(id), policy: this.text(policy) })),
    );
  }

  #of(type: string): readonly (readonly [string, Resource])[] {
    return Object.entries(this.#resources).filter(([, { Type }]) => Type === type);
  }

  #allowedBy(id: string, { Type, Properties }: Resource): readonly Allowed[] {
    switch (Type) {
      case "AWS::IAM::Role": {
        const inline = asList(Properties.Policies ?? []) as { PolicyDocument: unknown }[];
        return inline.flatMap(({ PolicyDocument }) => this.#identity(this.#role(id), PolicyDocument));
      }
      case "AWS::IAM::Policy": {
        const [role] = Properties.Roles as { Ref: string }[];
        return this.#identity(this.#role(role?.Ref ?? ""), Properties.PolicyDocument);
      }
      case "AWS::SQS::QueuePolicy":
      case "AWS::S3::BucketPolicy":
        return this.#resource(Properties.PolicyDocument);
      case "AWS::KMS::Key":
        return this.#resource(Properties.KeyPolicy, "the key");
      case "AWS::Lambda::Permission":
        return [
          {
            who: this.text(Properties.Principal),
            action: String(Properties.Action),
            on: this.text(Properties.FunctionName),
            when: `aws:SourceArn = ${this.text(Properties.SourceArn)}`,
          },
        ];
      default:
        return [];
    }
  }

  #identity(who: string, document: unknown): readonly Allowed[] {
    return this.#expand(statementsOf(document), () => [who]);
  }

  #resource(document: unknown, on?: string): readonly Allowed[] {
    return this.#expand(statementsOf(document), ({ Principal }) => this.#principals(Principal), on);
  }

  #expand(
    statements: readonly Statement[],
    whoOf: (statement: Statement) => readonly string[],
    resource?: string,
  ): readonly Allowed[] {
    return statements
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap((statement) =>
        whoOf(statement).flatMap((who) =>
          asList(statement.Action).flatMap((action) =>
            asList(statement.Resource).map((on) => ({
              who,
              action: String(action),
              on: resource ?? this.text(on),
              when: this.#when(statement.Condition),
            })),
          ),
        ),
      );
  }

  #principals(principal: unknown): readonly string[] {
    return Object.values(principal as Record<string, unknown>)
      .flatMap(asList)
      .map((one) => this.text(one).replace(/^iam:role\/(.*)$/, (_, role: string) => roleName(role)));
  }

  #role(id: string): string {
    const { RoleName } = this.#resources[id]?.Properties ?? {};
    return RoleName === undefined ? this.#rename(id) : roleName(this.text(RoleName));
  }

  #when(condition: Statement["Condition"] = {}): string {
    return Object.values(condition)
      .flatMap((keys) => Object.entries(keys))
      .map(
        ([key, value]) =>
          `${key} = ${asList(value)
            .map((one) => this.text(one))
            .join(" or ")}`,
      )
      .sort()
      .join(", ");
  }

  /** A value as text: references are replaced by the names behind them, and ARNs begin with their service. */
  text(value: unknown): string {
    return this.#rename(this.#flat(value))
      .replaceAll("<AWS::Partition>", "aws")
      .replaceAll("<AWS::AccountId>", "<account>")
      .replaceAll("<AWS::Region>", "<region>")
      .replace(/^arn:aws:([a-z0-9-]+):[^:]*:[^:]*:/, "$1:");
  }

  #flat(value: unknown): string {
    if (typeof value !== "object" || value === null) return String(value);
    const [name, argument] = Object.entries(value)[0] as [string, unknown];
    if (name === "Fn::Join") {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => this.#flat(part)).join(separator);
    }
    if (name === "Fn::GetAtt") return this.#arnOf((argument as string[])[0] ?? "");
    return name === "Ref" && String(argument).startsWith("AWS::") ? `<${argument}>` : this.#arnOf(String(argument));
  }

  #arnOf(id: string): string {
    const resource = this.#resources[id];
    const [property, arn] = ARNS[resource?.Type ?? ""] ?? [];
    const name = property === undefined ? undefined : resource?.Properties[property];
    return arn === undefined ? id : arn(name === undefined ? id : this.#flat(name));
  }
}

const statementsOf = (document: unknown): readonly Statement[] =>
  (document as { Statement?: Statement[] } | undefined)?.Statement ?? [];

/** `<engine>-router-<region>`: the router. */
const roleName = (name: string): string => name.replace(/^<engine>-(.*)-<region>$/, "$1");
