/**
 * P9  waitForSignal: one waiter a name. The STEP item is the arbiter of each wait, as in P3; the BINDING of a signal says which wait it is for.
 *
 *   set-up (holder, lease held):
 *     1 PUT step {open, at} IF attribute_not_exists(pk)
 *     2 GET waiter ; mine -> tell whom I have replaced (again)
 *       nobody, or one whose step has a result or is gone -> PUT waiter=me IF as seen ; refused -> 2
 *       a live one that replaces and is later than me -> I have been replaced: UPDATE my step SET result=null IF none
 *       a live one, and I replace -> PUT waiter={me, over: it} IF as seen ; refused -> 2 ; send {replaced: it}
 *       a live one -> UPDATE my step SET result=conflict IF none
 *     3 StartExecution or timer ; a set-up that is repeated: is my step over? -> DELETE waiter IF me
 *   router(x): 1 GET binding(x) ; none: GET waiter ; PUT binding(x)=waiter or nobody IF attribute_not_exists ; what is stored counts
 *     2 nobody -> ack
 *     3 UPDATE step(bound) SET result=x IF exists AND none ; mine already -> 4 ; another result -> DELETE waiter IF bound ;
 *       GET waiter: none -> ack ; another -> UPDATE binding(x)=it IF still bound ; 2
 *     4 wake ; DELETE waiter IF bound ; ack
 *   timeout(i), replaced(i): UPDATE step SET result IF none ; DELETE waiter IF i ; ack
 */
import { call, read, report } from "./checker.mjs";
import { send, queueMoves, onReturn } from "./aws.mjs";

export const signalModel = (v = {}) => {
  const waits = v.waits ?? ["fail"], signals = v.signals ?? ["x"];
  const resolve = (w, i, r) => (w.steps[i].result ??= r);
  const free = (w, i) => { if (w.waiter?.i === i) w.waiter = null; };

  function* handler(m) {
    if (m.setup !== undefined) return { become: "setup", args: [m.setup] };
    if (m.sig) return { become: "router", args: [m.sig] };
    const i = m.timeout ?? m.replaced;
    yield call(`${Object.keys(m)[0]} ${i}`, (w) => { resolve(w, i, m.timeout === undefined ? "replaced" : "timeout"); });
    yield call(`free ${i}`, (w) => free(w, i));
    return "ack";
  }
  function* setup(i) {
    const done = yield call(`plan ${i}`, (w) => { w.steps[i] ??= { result: null, at: ++w.clock }; return w.steps[i].result; });
    if (done) return "ack";
    function* after() {
      yield call("start its timeout", (w) => { w.armed.push(i); });
      if (!v.noLook && (yield read(`is ${i} over?`, (w) => !!w.steps[i].result))) yield call(`free ${i}`, (w) => free(w, i));
    }
    for (;;) {
      const seen = yield read("waiter", (w) => w.waiter && { ...w.waiter, dead: !!w.steps[w.waiter.i]?.result, later: w.steps[w.waiter.i].at > w.steps[i].at });
      if (seen?.i === i) {
        if (seen.over !== undefined && seen.over !== null) yield call("tell the replaced", (w) => send(w, { replaced: seen.over }));
        yield* after();
        return "ack";
      }
      const put = (over) => call(`wait ${i}`, (w) => {
        if ((w.waiter?.i ?? null) !== (seen?.i ?? null) && !v.blind) return w.waiter?.i === i;
        w.waiter = { i, over }; w.heard = true; return true;
      });
      if (!seen || (seen.dead && !v.trustWaiter)) { if (yield put(null)) { yield* after(); return "ack"; } continue; }
      if (waits[seen.i] === "replace" && seen.later && !v.noOrder) {
        yield call(`${i} was replaced`, (w) => { resolve(w, i, "replaced"); });
        return "ack";
      }
      if (waits[i] !== "replace") { yield call(`conflict ${i}`, (w) => { resolve(w, i, "conflict"); }); return "ack"; }
      if (!(yield put(v.forget ? null : seen.i))) continue;
      yield call("tell the replaced", (w) => send(w, { replaced: seen.i }));
      yield* after();
      return "ack";
    }
  }
  function* router(x) {
    const waiter = () => read("waiter", (w) => w.waiter?.i ?? null);
    let to;
    if (v.noBinding) to = yield waiter();
    else {
      const known = yield read("binding", (w) => (x in w.bound ? { to: w.bound[x] } : null));
      if (known) to = known.to;
      else { const seen = yield waiter(); to = yield call(`bind ${x} to ${seen}`, (w) => { if (!(x in w.bound)) w.bound[x] = seen; return w.bound[x]; }); }
    }
    for (;;) {
      if (to === null) return "ack";
      const got = yield call(`claim ${to} for ${x}`, (w) => resolve(w, to, x));
      if (got === x) break;
      yield call(`free ${to}`, (w) => free(w, to));
      if (v.noBinding || v.noRebind) return "ack";
      const next = yield waiter();
      if (next === null || next === to) return "ack";
      to = yield call(`bind ${x} to ${next} instead`, (w) => { if (w.bound[x] === to) w.bound[x] = next; return w.bound[x]; });
    }
    yield call(`free ${to}`, (w) => free(w, to));
    return "ack";
  }
  return {
    init: () => { const w = { queue: [], steps: {}, waiter: null, bound: {}, clock: 0, unsent: [...signals], live: [], left: waits.map((_, i) => i), timed: false, armed: [] }; return w; },
    procs: { handler, setup, router }, sets: ["queue"], onReturn,
    moves: (w, info) => [
      ...queueMoves(w, info, { handler: "handler", maxProcs: v.maxProcs ?? 3 }),
      ...w.left.map((i) => ({ name: `run ${i} comes to its wait`, apply: (w) => { w.left = w.left.filter((x) => x !== i); send(w, { setup: i }); } })),
      ...w.unsent.map((x) => ({ name: `${x} is sent`, apply: (w) => {
        w.unsent = w.unsent.filter((y) => y !== x); if (w.waiter && !w.steps[w.waiter.i].result) w.live.push(x); send(w, { sig: x });
      } })),
      ...Object.keys(w.steps).filter((i) => !w.steps[i].result && w.armed.includes(Number(i))).map((i) => ({ name: `timeout of ${i}`, cost: "timeout", apply: (w) => { w.timed = true; send(w, { timeout: Number(i) }); } })),
    ],
    invariant(w) {
      w.first ??= {};
      for (const i in w.steps) { const r = w.steps[i].result; if (r) { w.first[i] ??= r; if (w.first[i] !== r) return "the outcome changed"; } }
      for (const x of signals) if (Object.values(w.steps).filter((s) => s.result === x).length > 1) return `${x} went to two waits`;
    },
    atRest(w, { used }) {
      for (const i in w.steps) if (!w.steps[i].result && w.waiter?.i !== Number(i)) return `the wait ${i} is open and hears nothing`;
      if (w.waiter && !used("freeze") && w.steps[w.waiter.i].result) return "a waiter is left";
      const taken = new Set(Object.values(w.steps).map((s) => s.result));
      if (!w.timed && signals.length === 1) for (const x of w.live) if (!taken.has(x)) return `${x} was dropped although somebody waited`;
      if (waits.every((m) => m === "replace") && Object.values(w.steps).some((s) => s.result === "conflict")) return "a conflict where all replace";
    },
  };
};
const all = { crash: 1, amb: 1, dup: 1, freeze: 1, timeout: 1, total: 2 };
const one = { ...all, total: 1 };
export const cases = [
  { name: "P9 one wait", model: signalModel(), faults: all },
  { name: "P9 one wait, two signals", model: signalModel({ signals: ["x", "y"] }), faults: one },
  { name: "P9 two waits, the second replaces", model: signalModel({ waits: ["fail", "replace"] }), faults: one },
  { name: "P9 two waits, both replace", model: signalModel({ waits: ["replace", "replace"] }), faults: one },
  { name: "P9 two waits, both fail", model: signalModel({ waits: ["fail", "fail"] }), faults: one },
  { name: "P9 three waits, no faults", model: signalModel({ waits: ["fail", "replace", "replace"] }), faults: {} },
  { name: "x P9 no second binding: a signal is lost beside a wait", model: signalModel({ waits: ["fail", "replace"], noRebind: true }), faults: {}, expect: "broken" },
  { name: "x P9 who sets up again does not look whether it is over", model: signalModel({ noLook: true }), faults: { dup: 1 }, expect: "broken" },
  { name: "x P9 a blind put", model: signalModel({ waits: ["fail", "fail"], blind: true }), faults: {}, expect: "broken" },
];
if (process.argv[1].endsWith("p9-signal.mjs")) process.exit(report("P9 waitForSignal", cases) ? 0 : 1);
