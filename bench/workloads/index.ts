import type { Workload } from "../workload.ts";
import { bundle } from "./bundle.ts";
import { cost } from "./cost.ts";
import { w1 } from "./w1-sequential.ts";
import { w2 } from "./w2-throughput.ts";
import { w3 } from "./w3-parallel.ts";
import { w4 } from "./w4-sleeps.ts";
import { w5 } from "./w5-events.ts";
import { w6 } from "./w6-killed.ts";
import { w7 } from "./w7-payloads.ts";
import { w8 } from "./w8-waiters.ts";
import { w9 } from "./w9-gate.ts";
import { w10 } from "./w10-backlog.ts";

/** In the order in which they are measured: the virtual clock changes `Date` for the rest of the process, so it comes last. */
export const workloads: readonly Workload[] = [w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, bundle, cost];
