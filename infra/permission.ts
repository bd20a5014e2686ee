import { Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

/** One statement of a policy. `docs/permissions.md` has them all. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** Why a resource has a `*`, in one line. */
  readonly wildcard?: string;
}

export interface ServiceRoleProps {
  /** @default - CloudFormation gives one */
  readonly name?: string;
  readonly service: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
}

/** Services that act for whoever asks them to: only this account may. */
const DEPUTIES = ["scheduler.amazonaws.com", "states.amazonaws.com"];

/** A role of one AWS service with exactly these permissions, in itself: they are there as soon as the role is. */
export function serviceRole(scope: Construct, id: string, props: ServiceRoleProps): iam.Role {
  const { name, service, description, permissions } = props;
  const role = new iam.Role(scope, id, {
    ...(name !== undefined && { roleName: name }),
    description,
    assumedBy: new iam.ServicePrincipal(
      service,
      DEPUTIES.includes(service)
        ? { conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } } }
        : undefined,
    ),
    inlinePolicies: { own: new iam.PolicyDocument({ statements: permissions.map(toStatement) }) },
  });
  explainWildcards(role, permissions);
  return role;
}

export const toStatement = ({ actions, resources, conditions }: Permission): iam.PolicyStatement =>
  new iam.PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions && { conditions: { ...conditions } }),
  });

/** Tells cdk-nag, if it is used, why resources have a `*`. It names them as the template does, with `<Ref>` for a reference. */
export function explainWildcards(construct: Construct, permissions: readonly Permission[]): void {
  for (const { resources, wildcard } of permissions) {
    if (wildcard === undefined) continue;
    for (const resource of resources.map((arn) => asInTemplate(construct, arn)).filter((arn) => arn.includes("*")))
      acknowledge(construct, `AwsSolutions-IAM5[Resource::${resource}]`, wildcard);
  }
}

/** Acknowledges a finding of cdk-nag with its reason. Without cdk-nag it changes nothing. */
export function acknowledge(construct: Construct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

function asInTemplate(scope: Construct, arn: string): string {
  const flat = (value: unknown): string => {
    if (typeof value === "string") return value;
    const [name, argument] = Object.entries(value as object)[0] ?? [];
    if (name === "Fn::Join") return (argument[1] as unknown[]).map(flat).join(argument[0]);
    if (name === "Fn::GetAtt") return `<${argument.join(".")}>`;
    return `<${argument}>`;
  };
  return flat(Stack.of(scope).resolve(arn));
}
