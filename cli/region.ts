/** For all AWS clients that are made from here on. The AWS CLI and the CDK know AWS_DEFAULT_REGION too; the SDK does not. */
export function useRegion(given: string | undefined): void {
  const region = given ?? (process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION);
  if (region) process.env.AWS_REGION = region;
}
