/**
 * P8  Buffered checkpoints: results are handed to the code first, and written together later, in a pack.
 *
 *   holder (P1, lease held, memo loaded after the lease):
 *     1 body A, body B: their results go to the code and into the buffer
 *     2 flush: TRANSACT  CHECK run IF fence=:fence AND status=active ; PUT pack#fence#n {A, B}      -- one atomic write
 *         refused -> fenced, retry later, never ack ; done before any other write that the code has led to
 *     3 effect X (a wait, a child, a timer) PUT IF attribute_not_exists: what is in it comes from A and B
 *     4 finish IF fence
 *   A step that has an item of its own already (a failed try; code of before) is checkpointed there: first writer wins.
 *   load: of two results of one step, that of the later fence counts; of one fence, the pack's.
 */
import { call, read, report } from "./checker.mjs";
import { send, queueMoves, onReturn, expiryMoves } from "./aws.mjs";

export const packModel = (v = {}) => {
  const load = (w) => {
    const memo = {};
    for (const s of ["A", "B"]) {
      const found = [...w.packs.filter((p) => p[s]).map((p) => ({ value: p[s], fence: p.fence, pack: 1 }))];
      if (w.items[s]) found.push({ ...w.items[s], pack: 0 });
      found.sort((a, b) => v.itemWins ? a.pack - b.pack : b.fence - a.fence || b.pack - a.pack);
      memo[s] = found[0]?.value ?? null;
    }
    return memo;
  };
  function* runner() {
    const got = yield call("lease", (w, { me }) => {
      if (w.run.status !== "active") return "terminal";
      if (w.run.owner === me && !w.run.expired) return { fence: w.run.fence };
      if (w.run.owner !== null && !w.run.expired) return "busy";
      Object.assign(w.run, { owner: me, expired: false, fence: w.run.fence + 1 });
      return { fence: w.run.fence };
    });
    if (got === "terminal") return "ack";
    if (got === "busy") return "retry";
    const { fence } = got;
    const memo = yield read("load memo", (w) => load(w));
    const mine = (w) => w.run.fence === fence && w.run.status === "active" && w.run.owner !== null;
    const buffer = {};
    for (const s of ["A", "B"]) {
      if (memo[s]) continue;
      const value = yield read(`body of ${s}`, (w, { me, zombie }) => {
        if (w.run.status !== "active" && !zombie(me)) w.late = true;
        w.ran[s]++;
        return `${s}${w.ran[s]}`;
      });
      // The first holder's code did not buffer (an older version, or a step with a failed try).
      if (v.mixed && fence === 1 && s === "A") {
        memo[s] = yield call(`checkpoint ${s}`, (w) => { w.items[s] ??= { value, fence }; return w.items[s].value; });
        continue;
      }
      memo[s] = value;
      buffer[s] = value;
      if (v.effectFirst) yield call("effect X", (w) => { w.X ??= { ...memo }; });
    }
    if (Object.keys(buffer).length > 0) {
      const ok = yield call("flush", (w) => {
        if (!v.noFence && !mine(w)) return false;
        if (!w.packs.some((p) => p.fence === fence)) w.packs.push({ fence, ...buffer });
        return true;
      });
      if (!ok) return "retry";
    }
    if (!v.effectFirst) yield call("effect X", (w) => { w.X ??= { ...memo }; });
    const out = yield call("finish", (w) => {
      if (w.run.status === "completed" && w.run.fence === fence) return true;
      if (!mine(w)) return false;
      Object.assign(w.run, { status: "completed", owner: null });
      w.output = { ...memo };
      return true;
    });
    return out ? "ack" : "retry";
  }
  return {
    init: () => { const w = { queue: [], run: { status: "active", owner: null, expired: false, fence: 0 }, items: { A: null, B: null }, packs: [], ran: { A: 0, B: 0 }, X: null, output: null, late: false }; send(w, { wake: 0 }); return w; },
    procs: { runner }, sets: ["queue", "packs"], onReturn,
    moves: (w, info) => [...queueMoves(w, info, { handler: "runner", maxProcs: v.maxProcs ?? 3 }), ...expiryMoves(w, info, (w) => w.run, "the lease")],
    invariant(w, { used }) {
      const memo = load(w);
      if (w.X) for (const s of ["A", "B"]) if (w.X[s] && memo[s] && memo[s] !== w.X[s]) return `the effect was made of ${w.X[s]}, and the memo says ${memo[s]}`;
      if (w.X && w.output) for (const s of ["A", "B"]) if (w.X[s] && w.output[s] !== w.X[s]) return `the effect was made of ${w.X[s]}, the output of ${w.output[s]}`;
      if (w.late) return "a body ran after the run was terminal";
      for (const s of ["A", "B"]) if (w.ran[s] > 1 + used("crash") + used("freeze") + used("dup")) return `${s} ran ${w.ran[s]} times`;
    },
    atRest(w) { if (w.run.status !== "completed") return "the run hangs"; },
  };
};
const all = { crash: 2, amb: 1, dup: 1, freeze: 2, total: 3 };
export const cases = [
  { name: "P8 protocol", model: packModel(), faults: all },
  { name: "P8 protocol, the first holder did not buffer", model: packModel({ mixed: true }), faults: all },
  { name: "x P8 a pack without the fence", model: packModel({ noFence: true }), faults: all, expect: "broken" },
  { name: "x P8 the effect before the flush", model: packModel({ effectFirst: true }), faults: all, expect: "broken" },
  { name: "x P8 the step's own item wins", model: packModel({ mixed: true, itemWins: true }), faults: all, expect: "broken" },
];
if (process.argv[1].endsWith("p8-pack.mjs")) process.exit(report("P8 buffered checkpoints", cases) ? 0 : 1);
