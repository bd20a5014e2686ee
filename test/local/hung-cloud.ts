/** A process of its own for closing.test.ts: closes a cloud whose handler hangs. It must then exit by itself, and say nothing. */
import { startLocal } from "../../local/index.ts";
import { Stepwell } from "../../sdk/index.ts";

const [, , clock] = process.argv;
const client = new Stepwell({ id: "shop" });
const started = Promise.withResolvers<void>();
const hang = client.createFunction({ id: "hang" }, { event: "shop/hang" }, async ({ step }) => {
  await step.run("hang", () => {
    started.resolve();
    return new Promise(() => {});
  });
});
const cloud = await startLocal({ client, functions: [hang], clock: clock === "virtual" ? "virtual" : "real" });
await cloud.send({ name: "shop/hang", data: {} });
await started.promise;
await cloud.close();
