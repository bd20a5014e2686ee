import type { Act, Workload } from "../../contract.ts";
import type { Draw } from "../../draw.ts";
import { functionsOf } from "../programs/cast.ts";
import { drawProgram, type Mix } from "../programs/draw-program.ts";
import { GO, type Program, programText } from "../programs/grammar.ts";
import { endsOf } from "../programs/model.ts";
import { judgeDeploys } from "./judge.ts";
import { drawVersions } from "./versions.ts";

const MIX: Mix = {
  weights: { step: 4, sleep: 4, parallel: 2, loop: 1 },
  size: [4, 8],
  failing: 0.15,
  broken: 0,
  slow: 0.2,
  large: 0.05,
  attempts: [21],
};

const MINUTE = 60_000;
/** Before the first step has ended, between two steps, and in a sleep. */
const DEPLOYS_AFTER = [300, 5_000, 4 * MINUTE, 4 * MINUTE, 60 * MINUTE, 2 * 24 * 60 * MINUTE] as const;

/** Runs that are in flight while the next versions of their function go live. */
export const deploys: Workload = {
  name: "deploys",
  draw: (draw) => {
    const versions = drawShort(draw);
    return {
      about: versions.map((version, i) => `version ${i} of ${programText(version)}`).join("\n"),
      functions: (app, version) => functionsOf(castOf(versions, version), app, version),
      acts: drawActs(draw, versions.length - 1),
      judge: (played) => judgeDeploys(versions, played),
    };
  },
};

const LONGEST_MS = 16 * 24 * 60 * MINUTE;

function drawShort(draw: Draw): readonly Program[] {
  for (;;) {
    const versions = drawVersions(draw, drawProgram(draw, MIX, "d0", []), draw.number(1, 3));
    if (versions.every(isShort)) return versions;
  }
}

function isShort(program: Program): boolean {
  const around = { programs: new Map(), signals: [], slackMs: 0, crashes: 0 };
  return endsOf(around, program, { n: 1 }, { from: 0, to: 0 }).every(({ to }) => to < LONGEST_MS);
}

const castOf = (versions: readonly Program[], version: number) => ({
  programs: [versions[version] as Program],
  mains: 1,
  followed: false,
  heard: [],
});

function drawActs(draw: Draw, deploys: number): readonly Act[] {
  const acts: Act[] = [send(1, 0)];
  let at = 0;
  for (let n = 2; n <= deploys + 1; n++) {
    at += draw.oneOf(DEPLOYS_AFTER);
    acts.push({ kind: "deploy", at });
    if (draw.chance(0.4)) acts.push(send(n, at + draw.oneOf([0, 300])));
  }
  return acts.toSorted((a, b) => a.at - b.at);
}

const send = (n: number, at: number): Act => ({ kind: "send", at, event: { id: `go${n}`, name: GO, data: { n } } });
