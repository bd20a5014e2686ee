import { playContract } from "./play.ts";
import { remote } from "./targets/remote.ts";

playContract(remote);
