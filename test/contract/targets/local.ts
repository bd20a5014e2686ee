import { createLocalAws } from "../../../local/aws.ts";
import { virtualClock } from "../../../local/clock.ts";
import type { LambdaHandler } from "../../../local/services/lambda-context.ts";
import { clients } from "../../local/clients.ts";
import { START, socketClients } from "../../local/open.ts";
import { SERVICES, type Target } from "../target.ts";

/** The local cloud on a virtual clock: by the transport of functions in the same process, or over the socket. */
export const localTarget = (transport: "in-process" | "socket"): Target => ({
  name: `local, ${transport}`,
  services: SERVICES,
  differences: {
    "texts compare by their bytes": "by UTF-16 units, which differs beyond U+FFFF",
    "whole maps are equal when their elements are": "a map or a list is equal to none",
  },
  // Of its own clock, which costs nothing.
  patienceSeconds: 90,
  oneByOne: true,
  async start() {
    const aws = await createLocalAws({ clock: virtualClock(START), log: () => {} });
    const made = transport === "socket" ? socketClients(aws.url) : clients(aws.clientConfig());
    return {
      clients: made,
      account: "000000000000",
      region: "us-east-1",
      disposable: true,
      now: aws.clock.now,
      pass: (ms) => aws.time.passTime(ms),
      register: async (name, source) => {
        const { handler } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
          handler: LambdaHandler;
        };
        aws.lambda.register(name, handler);
      },
      stop: async () => {
        for (const client of Object.values(made)) client.destroy();
        await aws.close();
      },
    };
  },
});
