import { proveEveryCrashPoint } from "./crash-points.ts";
import { waits } from "./scenarios.ts";

proveEveryCrashPoint(waits);
