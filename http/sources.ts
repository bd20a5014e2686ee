import { createHmac } from "node:crypto";
import { checkSecrets, type Secrets, secretsOf } from "./auth.ts";
import { isRecent, matchesAny, TOLERANCE_SECONDS } from "./signature.ts";
import type { Delivery, WebhookSource } from "./webhook.ts";

const sha256 = (key: string | Buffer, ...parts: readonly (string | Uint8Array)[]): Buffer =>
  parts.reduce<ReturnType<typeof createHmac>>((hmac, part) => hmac.update(part), createHmac("sha256", key)).digest();

/**
 * GitHub's webhooks: `X-Hub-Signature-256`, and the id of the delivery, which is the same when it is delivered again. The signature has no
 * time, and does not cover that id.
 *
 * @param secrets the webhook's secret; several while it is being changed
 * @throws StepwellError `STEPWELL_INVALID_OPTION` for secrets that are none
 * @example
 * ```ts
 * webhooks: { github: { ...githubWebhook([secret]), transform: ({ json }) => ({ name: "github/push", data: json<object>() }) } }
 * ```
 */
export function githubWebhook(secrets: Secrets): WebhookSource {
  const load = loader(secrets, "githubWebhook");
  return {
    deliveryId: ({ headers }) => headers.get("x-github-delivery") ?? undefined,
    verify: async ({ headers, raw }) => {
      const [, given] = /^sha256=([0-9a-f]{64})$/.exec(headers.get("x-hub-signature-256") ?? "") ?? [];
      return given !== undefined && matchesAny(await load(), given, "hex", (secret) => sha256(secret, raw));
    },
  };
}

/**
 * Stripe's webhooks: `Stripe-Signature`, not older than five minutes, and the id of the event.
 *
 * @param secrets the endpoint's signing secret, `whsec_…`; several while it is being changed
 * @throws StepwellError `STEPWELL_INVALID_OPTION` for secrets that are none
 * @example
 * ```ts
 * const transform = ({ json }: Delivery) => ({ name: `stripe/${json<Stripe.Event>().type}`, data: json<object>() });
 * const webhooks = { stripe: { ...stripeWebhook([secret]), transform } };
 * ```
 */
export function stripeWebhook(secrets: Secrets): WebhookSource {
  const load = loader(secrets, "stripeWebhook");
  return {
    deliveryId: ({ json }) => textOf(json<{ id?: unknown } | null>()?.id),
    verify: async ({ headers, raw, now }) => {
      const fields = (headers.get("stripe-signature") ?? "").split(",").map((field) => field.trim().split("="));
      const time = fields.find(([name]) => name === "t")?.[1] ?? "";
      if (!isTime(time, now)) return false;
      const keys = await load();
      const given = fields.filter(([name]) => name === "v1").map(([, value]) => value ?? "");
      return given.some((value) => matchesAny(keys, value, "hex", (secret) => sha256(secret, `${time}.`, raw)));
    },
  };
}

/**
 * Webhooks by the Standard Webhooks specification, as Clerk, Resend, OpenAI, Svix and others send them: `webhook-id`, `webhook-timestamp`, not
 * older than five minutes, and `webhook-signature`.
 *
 * @param secrets as the provider shows them, `whsec_…`; several while one is being changed
 * @throws StepwellError `STEPWELL_INVALID_OPTION` for secrets that are none
 * @example
 * ```ts
 * const transform = ({ json }: Delivery) => ({ name: "mail/bounced", data: json<object>() });
 * const webhooks = { mail: { ...standardWebhook([secret]), transform } };
 * ```
 */
export function standardWebhook(secrets: Secrets): WebhookSource {
  const load = loader(secrets, "standardWebhook");
  const idOf = ({ headers }: Delivery) => headers.get("webhook-id") ?? headers.get("svix-id") ?? undefined;
  return {
    deliveryId: idOf,
    verify: async (delivery) => {
      const { headers, raw, now } = delivery;
      const time = headers.get("webhook-timestamp") ?? headers.get("svix-timestamp") ?? "";
      if (idOf(delivery) === undefined || !isTime(time, now)) return false;
      const keys = await load();
      const given = (headers.get("webhook-signature") ?? headers.get("svix-signature") ?? "").split(" ");
      const expected = (secret: string) => sha256(keyOf(secret), `${idOf(delivery)}.${time}.`, raw);
      return given
        .filter((value) => value.startsWith("v1,"))
        .some((value) => matchesAny(keys, value.slice("v1,".length), "base64", expected));
    },
  };
}

/** Checks now what is known now. Providers' secrets have the lengths that they have. */
function loader(secrets: Secrets, where: string): () => Promise<readonly string[]> {
  if (typeof secrets !== "function") checkSecrets(secrets, where, 1);
  return () => secretsOf(secrets, where, 1);
}

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ""), "base64");

const isTime = (text: string, now: number): boolean =>
  /^\d{1,12}$/.test(text) && isRecent(Number(text), now, TOLERANCE_SECONDS);

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
