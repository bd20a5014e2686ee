import type { Workload } from "../contract.ts";
import { deploys } from "./deploys/index.ts";
import { FAMILIES } from "./families.ts";
import { flowControl } from "./flow/index.ts";
import { programWorkload } from "./programs/story.ts";

/** All families of stories. */
export const workloads: readonly Workload[] = [...FAMILIES.map(programWorkload), deploys, flowControl];
