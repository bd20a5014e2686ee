import { proveEveryCrashPoint } from "./crash-points.ts";
import { severalEvents } from "./wait-scenarios.ts";

proveEveryCrashPoint(severalEvents, ["crashAfter"]);
