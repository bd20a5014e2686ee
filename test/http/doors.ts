import { type AnyFunction, referenceFunction, Stepwell } from "stepwell";
import { createDoor } from "../../http/door.ts";

export const SECRET = "a secret of thirty-two characters";
export const OTHER = "another secret, of as many letters";
/** The doors' time, in milliseconds. */
export const NOW = 1_763_750_000_000;

/** A client that keeps what it is asked for, after the checks of the real one. */
export function fakeClient() {
  const real = new Stepwell({ id: "shop", logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const sent: Record<string, unknown>[] = [];
  const invoked: unknown[] = [];
  const send = async (events: unknown) => {
    const list = events as Record<string, unknown>[];
    sent.push(...list);
    return { ids: list.map((event, i) => String(event.id ?? `fresh-${i}`)) };
  };
  const invoke = async (_client: unknown, fn: { readonly id: string }, options?: object) => {
    invoked.push({ fn: fn.id, ...options });
    return { runId: "01JD7QZ3M8W0V5XKB2T4N6R9PC" };
  };
  return { id: real.id, environment: real.environment, logger: real.logger, send, invoke, sent, invoked };
}

export interface Line {
  readonly level: string;
  readonly text: string;
  readonly fields?: object | undefined;
}

/** A door over a fake client, at `NOW`. */
export function openDoor(options: object = {}) {
  const client = fakeClient();
  const lines: Line[] = [];
  const write = (level: string) => (text: string, fields?: object) => void lines.push({ level, text, fields });
  const functions = [referenceFunction({ functionId: "ship" })] as unknown as AnyFunction[];
  const logger = { warn: write("warn"), error: write("error") };
  const door = createDoor(
    { client, auth: { secrets: [SECRET] }, functions, logger, ...options },
    { now: () => NOW, invoke: client.invoke as never },
  );
  return { door, client, lines };
}

export const URL_OF_DOOR = "https://shop.example";

/** A request without a signature. */
export const post = (route: string, body: unknown, headers: Record<string, string> = {}): Request =>
  new Request(`${URL_OF_DOOR}/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
  });

/** Status and body of an answer. */
export const read = async (response: Response) => ({
  status: response.status,
  body: (await response.json()) as { ids?: string[]; runId?: string; error?: { code: string; message: string } },
});
