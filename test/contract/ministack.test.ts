import { playContract } from "./play.ts";
import { miniStack } from "./targets/ministack.ts";

playContract(miniStack);
