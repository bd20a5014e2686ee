import { proveEveryCrashPoint } from "./crash-points.ts";
import { effects } from "./scenarios.ts";

proveEveryCrashPoint(effects);
