import { playContract } from "./play.ts";
import { dynamoDbLocal } from "./targets/dynamodb-local.ts";

playContract(dynamoDbLocal);
