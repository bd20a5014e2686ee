/**
 * P6 in a run (P1): steps apart, one continuation for each time that nothing is apart any more, with wakes from outside between, more steps
 * asked for while some are apart, cancellation, and the end.
 *
 *   holder (lease held): join = Get join ; memo = Query            -- the join first
 *     asked = open steps with a body ; those not in join.pending are new
 *     new or join.fence > armed (a holder died between its write and its suspend):
 *       1 UPDATE join SET pending = all asked without result, fence = :mine, rev = rev+1 IF rev = :seen (or no join)   refused -> look again
 *       2 send {step s} for each new one; for each of all of them if join.fence > armed
 *     3 suspend IF fence AND wake = :seen, armed = :mine
 *   sibling(step s):
 *     1 UPDATE step SET owner, until IF no result AND (no owner OR until < now) ; result -> 4 ; alive -> keep
 *     2 header: ended or cancelled -> result = CANCELLED IF no result ; ack
 *     3 body ; result IF no result
 *     4 UPDATE join DELETE pending {s}, rev+1 RETURN ALL_NEW ; empty -> send wake ; ack
 *
 * The program: s0 and s1 at once, beside a sleep; when that is over, n as well; then the end.
 */
import { call, read, become, fail, report } from "./checker.mjs";
import { send, queueMoves, onReturn, arm, timerMoves, expiryMoves } from "./aws.mjs";

const active = (run) => run.status === "active";
const model = (v = {}) => {
  const first = v.single ? ["s0"] : ["s0", "s1"];
  const names = v.sleep ? [...first, "n"] : first;
  const held = (w, fence) => active(w.run) && w.run.fence === fence && w.run.owner !== null;
  function* handler(msg) { return { become: msg.step ? "sibling" : "worker", args: [msg] }; }
  function* worker(msg) {
    if (msg.cancel) yield call("record cancel", (w) => { if (active(w.run) && !w.run.cancel) { w.run.cancel = true; w.run.wake++; } });
    for (;;) {
      const got = yield call("lease", (w, { me }) => {
        const r = w.run;
        if (!active(r)) return { terminal: true };
        if (r.owner === me && !r.expired) return { fence: r.fence, seen: r.wake, armed: r.armed };
        if (r.owner !== null && !r.expired) return { busy: r.fence, mine: r.by === msg.id || r.guard === msg.id };
        Object.assign(r, { owner: me, expired: false, by: msg.id, fence: r.fence + 1, guard: null });
        return { fence: r.fence, seen: r.wake, armed: r.armed };
      });
      if (got.terminal) return "ack";
      if (got.fence) return become("holder", got.fence, got.seen, got.armed);
      if (got.mine) return "retry";
      const raised = yield call("raise", (w) => {
        if (!held(w, got.busy) || w.run.expired) return false;
        w.run.wake++;
        if (w.run.guard === null) { w.run.guard = msg.id; return "guard"; }
        return true;
      });
      if (raised === "guard") return "retry";
      if (raised) return "ack";
    }
  }
  function* holder(fence, seen, armed) {
    const cancelled = yield read("cancelled?", (w) => w.run.cancel);
    const finish = function* (status) {
      const out = yield call(`finish ${status}`, (w) => {
        const r = w.run;
        if (r.status === status && r.fence === fence) return "ok";
        if (!held(w, fence)) return "fenced";
        if (r.wake !== seen) return { woken: r.wake };
        if (status === "completed" && r.cancel) fail("completed although cancelled");
        r.status = status; r.owner = null; return "ok";
      });
      if (out.woken !== undefined) return become("holder", fence, out.woken, armed);
      return out === "ok" ? "ack" : "retry";
    };
    if (cancelled) return yield* finish("cancelled");
    let join, memo;
    const getJoin = function* () { join = yield read("get join", (w) => w.join && { pending: [...w.join.pending], rev: w.join.rev, fence: w.join.fence }); };
    if (!v.memoFirst) yield* getJoin();
    memo = yield read("load memo", (w) => ({ ...Object.fromEntries(names.map((s) => [s, w.steps[s].result])), slept: w.slept }));
    if (v.memoFirst) yield* getJoin();
    const asked = [...first, ...(v.sleep && memo.slept ? ["n"] : [])].filter((s) => !memo[s]);
    if (!asked.length && (!v.sleep || memo.slept)) return yield* finish("completed");
    const unsure = join !== null && (join.fence > armed || v.always);
    const fresh = asked.filter((s) => !join?.pending.includes(s));
    if (asked.length && (fresh.length || (unsure && !v.neverAgain))) {
      const written = yield call("set join", (w, { me }) => {
        if (w.join?.by === me && w.join.fence === fence && w.join.rev === (join?.rev ?? 0) + 1) return true;     // my own lost reply: by content
        if (!v.noRev && (w.join?.rev ?? 0) !== (join?.rev ?? 0)) return false;
        w.join = { pending: v.refill ? [...names] : [...asked], rev: (w.join?.rev ?? 0) + 1, fence, by: me };
        return true;
      });
      if (!written) return become("holder", fence, seen, armed);
      for (const s of unsure ? asked : fresh) yield call(`send ${s}`, (w) => send(w, { id: `step:${s}`, step: s }));
    }
    if (v.sleep && !memo.slept) yield call("arm", (w) => arm(w, "t", { id: "t" }));
    const out = yield call("suspend", (w) => {
      if (!held(w, fence)) return "fenced";
      if (w.run.wake !== seen) return { woken: w.run.wake };
      w.run.owner = null; w.run.armed = v.neverArmed ? 0 : fence; return "ok";
    });
    if (out === "ok") return "ack";
    if (out.woken !== undefined) return become("holder", fence, out.woken, v.armedEarly ? fence : armed);
    return "retry";
  }
  function* sibling({ step: s }) {
    const got = yield call(`lease ${s}`, (w, { me }) => {
      const x = w.steps[s];
      if (x.result) return "done";
      if (x.owner !== null && !x.expired && x.owner !== me) return "busy";
      x.owner = me; x.expired = false;
    });
    if (got === "busy") return "retry";
    if (got !== "done") {
      const over = yield read("header", (w) => (active(w.run) ? w.run.cancel : true));
      if (over) { yield call(`close ${s}`, (w) => { w.steps[s].result ||= "cancelled"; w.steps[s].owner = null; }); return "ack"; }
      yield read(`body of ${s}`, (w, { me }) => { w.ran[s] = (w.ran[s] ?? 0) + 1; w.body = [...w.body, [s, me]]; });
      yield call(`result of ${s}`, (w, { me }) => { w.steps[s].result ||= "ok"; w.steps[s].owner = null; w.body = w.body.filter(([, pid]) => pid !== me); });
    } else if (v.skipIfDone) return "ack";
    const left = yield call(`${s} leaves`, (w) => {
      if (!w.join) return 1;
      w.join.pending = w.join.pending.filter((x) => x !== s); w.join.rev++;
      return w.join.pending.length;
    });
    if (left === 0) yield call("send wake", (w) => send(w, { id: `joined:${s}` }));
    return "ack";
  }
  return {
    init: () => { const w = { queue: [], timers: [], run: { status: "active", owner: null, expired: false, fence: 0, by: null, guard: null, wake: 0, cancel: false, armed: 0 },
      join: null, slept: false, ran: {}, body: [], steps: Object.fromEntries(names.map((s) => [s, { owner: null, expired: false, result: false }])) };
      send(w, { id: "start" }); if (v.cancel) send(w, { id: "cancel", cancel: true }); return w; },
    procs: { handler, worker, holder, sibling }, sets: ["queue", "timers"], onReturn,
    moves: (w, info) => [...queueMoves(w, info, { handler: "handler", maxProcs: v.maxProcs ?? 3 }),
      ...timerMoves(w).map((m) => ({ ...m, apply: (w) => { w.slept = true; m.apply(w); } })),
      ...expiryMoves(w, info, (w) => w.run, "the run's lease"), ...names.flatMap((s) => expiryMoves(w, info, (w) => w.steps[s], `the lease of ${s}`))],
    invariant(w, { used, procs }) {
      const spare = used("crash") + used("freeze");
      for (const s in w.ran) if (w.ran[s] > 1 + spare) return `${s} ran ${w.ran[s]} times`;
      for (const s of names) if (w.body.filter(([x, pid]) => x === s && procs.some((q) => q.pid === pid && !q.z)).length > 1) return `two live bodies of ${s}`;
    },
    atRest(w) {
      if (active(w.run)) return `the run hangs: ${JSON.stringify(w.join)}`;
      for (const s of names) if (w.steps[s].owner !== null && !w.steps[s].result) return `${s} is left open`;
    },
  };
};
const one = { crash: 1, amb: 1, dup: 1, freeze: 1, total: 1 };
const two = { crash: 1, amb: 1, dup: 1, freeze: 1, total: 2 };
export const cases = [
  { name: "P6b two steps", model: model({ maxProcs: 2 }), faults: one },
  { name: "P6b two steps, three at a time", model: model({}), faults: {} },
  { name: "P6b one step, a sleep and another step", model: model({ single: true, sleep: true, maxProcs: 2 }), faults: one },
  { name: "P6b one step, a sleep and another step, three at a time", model: model({ single: true, sleep: true }), faults: {} },
  { name: "P6b two faults", model: model({ single: true, sleep: true, maxProcs: 2 }), faults: two },
  { name: "P6b cancelled at any time", model: model({ cancel: true, maxProcs: 2 }), faults: one },
  { name: "x P6b no revision", model: model({ single: true, sleep: true, noRev: true, maxProcs: 3 }), faults: {}, expect: "broken" },
  { name: "x P6b never sent again", model: model({ neverAgain: true, maxProcs: 2 }), faults: one, expect: "broken" },
  { name: "x P6b acks a result at once", model: model({ skipIfDone: true, maxProcs: 2 }), faults: one, expect: "broken" },
  { name: "x P6b refills the join", model: model({ single: true, sleep: true, refill: true, maxProcs: 2 }), faults: one, expect: "broken" },
];
if (process.argv[1].endsWith("p6-fanout-run.mjs")) process.exit(report("P6 in a run", cases) ? 0 : 1);
