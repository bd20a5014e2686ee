import type { Mix } from "./programs/draw-program.ts";
import type { Family } from "./programs/story.ts";

const PATIENT = [21] as const;

const plain: Mix = {
  weights: { step: 1 },
  size: [3, 8],
  failing: 0.1,
  broken: 0,
  slow: 0.1,
  large: 0,
  attempts: PATIENT,
};

const alone = { mains: 1, children: 0, events: 2 } as const;

/** Families of programs: the same grammar, each with a liking of its own. */
export const FAMILIES: readonly Family[] = [
  { name: "sequences", ...alone, mix: { ...plain, weights: { step: 4, sleep: 2, loop: 2, sequence: 1 } } },
  { name: "fan-out", ...alone, mix: { ...plain, size: [5, 12], weights: { step: 5, sleep: 1, parallel: 6, call: 1 } } },
  {
    name: "races",
    ...alone,
    mix: { ...plain, weights: { step: 3, sleep: 3, wait: 1, race: 5, parallel: 1, unawaited: 1 } },
  },
  {
    name: "invokes",
    ...{ mains: 1, children: 3, events: 1 },
    mix: {
      ...plain,
      size: [2, 5],
      broken: 0.1,
      weights: { step: 2, sleep: 1, invoke: 6, parallel: 3, try: 2, race: 1 },
    },
  },
  {
    name: "waits",
    ...alone,
    mix: { ...plain, size: [2, 6], weights: { step: 2, wait: 5, sleep: 1, parallel: 2, race: 1, loop: 1 } },
  },
  {
    name: "cancellations",
    ...{ mains: 2, children: 1, events: 2, cancelled: 0.8, lifecycle: 0.5 },
    mix: {
      ...plain,
      size: [2, 6],
      failing: 0.3,
      weights: { step: 3, sleep: 2, wait: 2, invoke: 1, parallel: 2, race: 1, stumble: 1 },
    },
  },
  {
    name: "payloads",
    ...{ mains: 1, children: 1, events: 1, lifecycle: 0.3 },
    mix: { ...plain, size: [2, 5], large: 0.6, weights: { step: 4, invoke: 2, send: 1, sleep: 1, parallel: 2 } },
  },
  {
    name: "failures",
    ...{ mains: 1, children: 1, events: 2, lifecycle: 0.7 },
    mix: {
      ...plain,
      failing: 0.5,
      broken: 0.1,
      attempts: [1, 2, 3, 5],
      weights: { step: 5, try: 3, parallel: 2, invoke: 1, stumble: 1, unawaited: 1 },
    },
  },
  {
    name: "lifecycle",
    ...{ mains: 2, children: 1, events: 2, cancelled: 0.3, lifecycle: 1 },
    mix: { ...plain, size: [1, 4], broken: 0.15, weights: { step: 4, sleep: 1, invoke: 2, send: 1, try: 1 } },
  },
  {
    name: "programs",
    ...{ mains: 1, children: 2, events: 2, cancelled: 0.1 },
    mix: {
      ...plain,
      size: [3, 9],
      failing: 0.15,
      broken: 0.04,
      large: 0.03,
      attempts: [5, 21, 21],
      weights: {
        ...{ step: 6, sleep: 2, wait: 2, invoke: 2, send: 1, unawaited: 1, stumble: 1 },
        ...{ sequence: 1, parallel: 3, race: 2, loop: 2, try: 2, choice: 1, call: 2 },
      },
    },
  },
];
