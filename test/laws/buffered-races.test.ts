import { proveEveryCrashPoint } from "./crash-points.ts";
import { bufferedRaces } from "./wait-scenarios.ts";

proveEveryCrashPoint(bufferedRaces);
