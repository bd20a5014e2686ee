/** The value below which the share `p` of `values` lies (nearest rank). @example percentile([1, 2, 3], 0.5) // 2 */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error("There is no percentile of nothing.");
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] as number;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
