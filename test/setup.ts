import fc from "fast-check";

/** Property tests draw the same cases every time: CI is no place for luck. `FC_SEED=random npm test` goes looking for more. */
const asked = process.env.FC_SEED;
if (asked !== "random") fc.configureGlobal({ seed: Number(asked ?? 20_261_121) });
