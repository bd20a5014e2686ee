import { EVENT_SIGNAL } from "../protocol/index.ts";
import type { OutgoingEvent, OutgoingSignal } from "./contract.ts";

/** The event that carries a signal to the router. Its name and app stand in `user`, which is never put aside into S3. */
export const signalEvent = ({ app, signal, data }: OutgoingSignal): OutgoingEvent => ({
  name: EVENT_SIGNAL,
  data: { data },
  user: { app, signal },
});
