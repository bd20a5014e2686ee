/** The laws in words, and what to do where one does not hold. */
import type { Law } from "./contract.ts";

/** As in ARCHITECTURE.md. */
export const LAW_TEXTS: Readonly<Record<Law, string>> = {
  L1: "At least once in, once in effect: every message, timer and event may come twice, late, or out of order",
  L2: "No lost wake-up: a resolution is on the step before the run is woken; a wake gets the lease or raises `wakeSeq` under a live one",
  L3: "Every run that has not ended has a wake-up ahead of it; the sweeper proves it and repairs it",
  L4: "One live attempt per step: leases are owned, fenced and expire; a crash counts as an attempt",
  L5: "Slots are leases with an owner and its fence: only the run's own worker takes one; nobody takes it for another",
  L6: "Terminal is terminal, and has an idempotent tail that is done before the message is acknowledged",
  L7: "Write the wait first, and let the step decide: one winner among event, timeout and end",
  L8: "A poison message never blocks its neighbours",
  L9: "Nothing hangs silently: a typed error that names the cause and the fix, as early as possible",
  L10: "Replay mismatch is loud",
};

const REPORT = "This should not be possible: please report it, with the run's items.";
const WAKE =
  "A fresh wake sets up what is missing: `stepwell audit --repair`. The sweeper would send one when the run is due.";

/** What to do about a law that does not hold. */
export const ADVICE: Readonly<Record<Law, string>> = {
  L1: REPORT,
  L2: WAKE,
  L3: `${WAKE} Where an event or a header is not stored any more, cancel the run and send its event again.`,
  L4: REPORT,
  L5: "A slot that nobody gives up is free again a minute after its invocation's deadline; the sweeper has lines move on.",
  L6: "What is left of an ended run does no harm but a singleton's lock: delete that item, and the next event starts a run.",
  L7: WAKE,
  L8: "Look at the reason and at the logs of that time, mend what is wrong, then send the message again.",
  L9: WAKE,
  L10: REPORT,
};
