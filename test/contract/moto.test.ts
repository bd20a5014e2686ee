import { playContract } from "./play.ts";
import { moto } from "./targets/moto.ts";

playContract(moto);
