import { playContract } from "./play.ts";
import { fauxqs } from "./targets/fauxqs.ts";

playContract(fauxqs);
