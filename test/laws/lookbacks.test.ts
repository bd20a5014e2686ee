import { proveEveryCrashPoint } from "./crash-points.ts";
import { lookbacks } from "./wait-scenarios.ts";

proveEveryCrashPoint(lookbacks, ["crashAfter"]);
