import type { Workload } from "../contract.ts";
import { FAMILIES } from "./families.ts";
import { programWorkload } from "./programs/story.ts";

/** All stories that there are to tell. */
export const WORKLOADS: readonly Workload[] = FAMILIES.map(programWorkload);
