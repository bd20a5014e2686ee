import type { Workload } from "../contract.ts";
import { sequences } from "./sequences.ts";

/** All families of stories. */
export const workloads: readonly Workload[] = [sequences];
