import { playContract } from "./play.ts";
import { localTarget } from "./targets/local.ts";

playContract(localTarget("socket"));
