/** Every limit and its unit, in one place. */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Steps a run may ask for, unless its function raises it with `maxSteps`. */
export const STEPS_PER_RUN_DEFAULT = 1_000;
/** Results that may be written together. */
export const BUFFERED_STEPS_MAX = 100;
/** The most a function may raise `maxSteps` to. */
export const STEPS_PER_RUN_MAX = 10_000;
/** Steps of one run whose bodies run at the same time within one invocation. */
export const PARALLEL_STEPS_DEFAULT = 100;
/** Serialized size of one step's result, in bytes. */
export const STEP_OUTPUT_BYTES_MAX = 4 * MIB;
/** Serialized size of a function's return value, in bytes. */
export const RUN_OUTPUT_BYTES_MAX = 32 * MIB;
/** Sum of the serialized results of one run, in bytes. */
export const RUN_STATE_BYTES_MAX = 32 * MIB;
/** Serialized size of one event, in bytes. */
export const EVENT_BYTES_MAX = 32 * MIB;
/** Serialized size of an event's `user`, in bytes: it travels beside the data, and never by claim check. */
export const EVENT_USER_BYTES_MAX = 32 * KIB;
/** Share of a limit from which a warning is logged. */
export const LIMIT_WARNING_SHARE = 0.8;

/** Larger payloads are stored in S3 and travel as a reference (an item holds 400 KB, a message 1 MiB). In bytes. */
export const PAYLOAD_INLINE_BYTES_MAX = 200 * KIB;
/** An output up to this size lives in the run header, which stays under 1 KB. In bytes. */
export const HEADER_OUTPUT_BYTES_MAX = 256;
/** One app in the registry, with the manifests of its functions: an item holds 400 KB. In bytes. */
export const REGISTRY_ITEM_BYTES_MAX = 390_000;
/** A message carries its event inline up to this size (SQS bills per 64 KB). In bytes. */
export const MESSAGE_EVENT_BYTES_MAX = 48 * KIB;

/** EventBridge: entries of one PutEvents request. */
export const PUT_EVENTS_ENTRIES_MAX = 10;
/** EventBridge: bytes of one PutEvents request; the older, stricter bound, so that it holds in every region. */
export const PUT_EVENTS_BYTES_MAX = 256 * KIB;
/** Times a partly failed PutEvents is tried in all. */
export const PUT_EVENTS_TRIES_MAX = 5;

/** SQS: longest `DelaySeconds`, in seconds. */
export const SQS_DELAY_SECONDS_MAX = 900;
/** SQS: receives before a message goes to the dead-letter queue. Crashes are counted on the run (L8). */
export const SQS_RECEIVES_MAX = 50;
/** SQS: how long a message is kept, and may be delivered again, in milliseconds. */
export const SQS_RETENTION_MS = 14 * DAY_MS;

/** Sleeps, waits and invoke timeouts, in milliseconds. */
export const WAIT_MS_MAX = 365 * DAY_MS;
/** Waits longer than this use the table instead of a Step Functions execution, which lives a year at most. */
export const STEP_FUNCTIONS_WAIT_MS_MAX = 364 * DAY_MS;
/** Events that one `step.waitForEvent` may wait for. */
export const EVENTS_PER_WAIT_MAX = 10;
/** How far back `step.waitForEvent` may look, in milliseconds: arrivals are kept as long as messages, which is twice as long. */
export const LOOKBACK_MS_MAX = 7 * DAY_MS;
/** Events that one function may look back for. */
export const LOOKBACKS_MAX = 10;
/** Characters of a signal's name. */
export const SIGNAL_CHARS_MAX = 256;
/** JSON of what a model was asked that is kept beside its response, in bytes. */
export const AI_REQUEST_BYTES_MAX = 256 * KIB;
/** A sleep shorter than this is waited for in place instead of suspending. In milliseconds. */
export const IN_PLACE_SLEEP_MS_MAX = SECOND_MS;

/**
 * How long a lease lasts without a heartbeat, in milliseconds. Its message comes back half a second later: a queue's visibility has
 * whole seconds, and a run that lost its process goes on within the second.
 */
export const LEASE_MS = 9_500;
/** Time between heartbeats, in milliseconds. */
export const HEARTBEAT_MS = 5 * SECOND_MS;
/** An event id seen again within this time starts nothing again, in milliseconds. */
export const EVENT_DEDUPE_MS = DAY_MS;
/** How long an event stays stored, in milliseconds; renewed when a live run suspends past it. */
export const EVENT_RETENTION_MS = 30 * DAY_MS;
/** How long finished runs stay readable unless the engine says otherwise, in days. */
export const RETENTION_DAYS_DEFAULT = 30;
/** How long a run may take before the expiry of its results has to be renewed, in milliseconds. */
export const STATE_SLACK_MS = 7 * DAY_MS;
/** How long dead letters are kept, in milliseconds. */
export const DEAD_LETTER_RETENTION_MS = 90 * DAY_MS;
/** A router or runner hop count past which a chain of events is taken for an endless loop. */
export const HOPS_MAX = 1_000;

/** How long a cancellation waits for the start of its run, in milliseconds: longer than a queue keeps a message. */
export const CANCEL_AHEAD_MS = 15 * DAY_MS;
/** How long `cancelOn` without a `timeout` listens for a run, in milliseconds. */
export const CANCEL_ON_MS_MAX = 3 * 365 * DAY_MS;

/** Runs of one page of a list. */
export const RUNS_LISTED_MAX = 1_000;
/** How long ago a listed run may have been queued, in milliseconds. */
export const RUNS_LISTED_AGE_MS_MAX = 400 * DAY_MS;
/** Runs that are looked at for one page, if most are of another status than the one asked for. */
export const RUNS_LOOKED_AT_MAX = 2_000;
/** Runs that are looked at to count the events that have started none. */
export const SKIPS_LOOKED_AT_MAX = 10_000;

/** Tries of a step, or of a handler, when the function does not say: 4 retries after the first. */
export const ATTEMPTS_DEFAULT = 5;
/** The most retries that a function may ask for. */
export const RETRIES_MAX = 20;
/** First back-off delay, in milliseconds; it doubles with every attempt. */
export const BACKOFF_BASE_MS = SECOND_MS;
/** Longest back-off delay unless `maxDelay` says otherwise, in milliseconds. */
export const BACKOFF_MS_MAX = 60 * MINUTE_MS;

/** Shortest period of `throttle`, `rateLimit`, `debounce` and `batchEvents`, in milliseconds. */
export const PERIOD_MS_MIN = SECOND_MS;
/** Longest period of them, in milliseconds. */
export const PERIOD_MS_MAX = 7 * DAY_MS;
/** Runs that `throttle` or `rateLimit` may let through in a period, and `burst`: more than one item of the table can count. */
export const RATE_MAX = 1_000_000_000;
/** Slots of one concurrency limit. */
export const CONCURRENCY_MAX = 10_000;
/** Concurrency limits of one function. */
export const CONCURRENCY_LIMITS_MAX = 2;
/** How much earlier or later a run may be put in its queue by `priority`, in seconds. */
export const PRIORITY_SECONDS_MAX = 600;
/** Events of one batch. */
export const BATCH_SIZE_MAX = 1_000;
/** How long an `idempotency` key starts nothing again, in milliseconds. */
export const IDEMPOTENCY_MS = DAY_MS;
/** Events that one function may be cancelled by. */
export const CANCEL_ON_MAX = 5;
/** Characters of the reason of a cancellation: it is kept in the run header, which stays small. */
export const CANCEL_REASON_CHARS_MAX = 256;

/** Triggers of one function. */
export const TRIGGERS_MAX = 10;
/** Characters of a client id or a function id. */
export const ID_CHARS_MAX = 64;
/** Characters of an event name: EventBridge's `DetailType`. */
export const EVENT_NAME_CHARS_MAX = 128;
/** Characters of an event id. */
export const EVENT_ID_CHARS_MAX = 128;
/** Characters of a step id, and of its name. */
export const STEP_ID_CHARS_MAX = 256;
/** Characters of an expression. */
export const EXPRESSION_CHARS_MAX = 4_096;
/** Nesting of an expression. */
export const EXPRESSION_DEPTH_MAX = 32;
/** Characters kept of an error's name, code and step id. */
export const ERROR_NAME_CHARS_MAX = 256;
/** Characters kept of an error's message. */
export const ERROR_MESSAGE_CHARS_MAX = 8_192;
/** Characters kept of an error's stack. */
export const ERROR_STACK_CHARS_MAX = 8_192;
/** Causes kept of an error. */
export const ERROR_CAUSES_MAX = 5;
