import { EventSchemas, Stepwell } from "stepwell";
import { githubWebhook, httpDoor, invokeFunction } from "stepwell/http";
import { expect, it } from "vitest";

type Events = { "shop/order.placed": { data: { orderId: string } } };
const client = new Stepwell({ id: "shop", schemas: new EventSchemas().fromRecord<Events>() });
const auth = { secrets: ["x".repeat(32)] };
const github = githubWebhook(["secret"]);

it("a transform makes events that the client knows", () => {
  httpDoor({
    client,
    auth,
    webhooks: { ok: { ...github, transform: () => ({ name: "shop/order.placed", data: { orderId: "o1" } }) } },
  });
  // @ts-expect-error there is no such event
  httpDoor({ client, auth, webhooks: { bad: { ...github, transform: () => ({ name: "shop/other", data: {} }) } } });
  const wrong = () => ({ name: "shop/order.placed" as const, data: { orderId: 7 } });
  // @ts-expect-error the order's id is text
  httpDoor({ client, auth, webhooks: { bad: { ...github, transform: wrong } } });
  expect(httpDoor({ client, auth })).toBeTypeOf("function");
});

it("a function is invoked with its data", async () => {
  const place = client.createFunction({ id: "place" }, { event: "shop/order.placed" }, () => 1);
  const calls = [
    () => invokeFunction(client, place, { data: { orderId: "o1" } }),
    // @ts-expect-error the order's id is missing
    () => invokeFunction(client, place, { data: {} }),
    // @ts-expect-error so is the data
    () => invokeFunction(client, place),
  ];
  expect(calls).toHaveLength(3);
});
