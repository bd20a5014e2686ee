/**
 * Mocked requests. `step.fetch` has no id of its own, and the `fetch` of "stepwell" goes to the run's ledger past the step tools: so both
 * are mocked there.
 */
import { type Ledger, repeatNames } from "../sdk/execution/index.ts";
import { storeResponse } from "../sdk/steps/index.ts";
import { keep, type ToolsOptions } from "./step-tools.ts";

/**
 * The ledger, where mocked requests get the response of their mock: once a try, stored and replayed as any other. `states` gets responses as
 * they are stored, but past the code's middleware.
 */
export function withMockedFetches(
  ledger: Ledger,
  { mocks, states, stop }: Pick<ToolsOptions, "mocks" | "states" | "stop">,
): Ledger {
  const named = repeatNames();
  const ask: Ledger["ask"] = (request) => {
    if (request.kind !== "fetch") return ledger.ask(request);
    const name = named(request.id);
    const mock = mocks.get(name) ?? mocks.get(request.id);
    const body = async () => storeResponse(responseOf(await mock?.handler()), `mock "${name}"`);
    const asked = ledger.ask(mock === undefined ? request : { ...request, body });
    keep(states, name, asked);
    return name === stop?.at ? asked.then(stop.now, stop.now) : asked;
  };
  return { ...ledger, ask };
}

/** What is no `Response` is the JSON of one with status 200. */
const responseOf = (value: unknown): Response =>
  value instanceof Response ? value.clone() : Response.json(value ?? null);
