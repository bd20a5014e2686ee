import { proveEveryCrashPoint } from "./crash-points.ts";
import { signals } from "./wait-scenarios.ts";

proveEveryCrashPoint(signals, ["crashAfter"]);
