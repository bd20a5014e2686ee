/** A process of its own for persistence.test.ts: does some work on the data directory it is given, and kills itself. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { createLocalAws } from "../../local/aws.ts";
import { clients } from "./clients.ts";
import { createTable, TABLE_NAME } from "./table.ts";

const [, , dataDir = ""] = process.argv;
const aws = await createLocalAws({ dataDir });
const { dynamodb, sqs } = clients(aws.clientConfig());
await createTable(dynamodb);
await dynamodb.send(new PutItemCommand({ TableName: TABLE_NAME, Item: { pk: { S: "p" }, sk: { S: "s" } } }));
aws.sqs.createQueue("jobs");
await sqs.send(new SendMessageCommand({ QueueUrl: aws.sqs.queueUrl("jobs"), MessageBody: "survivor" }));
process.kill(process.pid, "SIGKILL");
