import { proveEveryCrashPoint } from "./crash-points.ts";
import { steps } from "./scenarios.ts";

proveEveryCrashPoint(steps);
