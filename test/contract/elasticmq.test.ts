import { playContract } from "./play.ts";
import { elasticMq } from "./targets/elasticmq.ts";

playContract(elasticMq);
