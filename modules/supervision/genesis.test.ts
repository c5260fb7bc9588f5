import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { TestContext } from "#test/chain/context.js";
import { Branch, Heights } from "#test/chain/state.js";
import { TERMS } from "#test/chain/terms.js";
import { supervision } from "./index.js";
import { attestations } from "./store.js";
import type { SupervisedSeat, SupervisedTask, SupervisionPorts } from "./types.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const supervisor = environment.addresses.format(nodeCrypto.sha256(utf8("supervisor")).slice(0, 20));
const hash = (n: number) => `0x${toHex(new Uint8Array(32).fill(n))}`;

const spec = { epochs: 1, batches: 30, slots: 3, lag: 1, runAhead: 64n, iterationBlocks: 1n };
const tasks: SupervisedTask[] = [
  { id: 1n, phase: Phase.PHASE_TRAINING, spec, training: { start: 10n }, terms: TERMS },
  { id: 2n, phase: Phase.PHASE_CLOSED, spec: { ...spec, slots: 1, batches: 5 }, training: { start: 10n, end: 20n }, closedHeight: 30n, terms: TERMS },
  { id: 3n, phase: Phase.PHASE_REGISTRATION, spec, terms: TERMS },
];
const seat = (taskId: bigint, role: Role, index: number): SupervisedSeat => ({ taskId, role, index, worker: supervisor, stake: 1000n, confirmed: true, dropped: false, drawnHeight: 1n });
const none = (): never => {
  throw new Error("genesis does not ask for it");
};
const ports: SupervisionPorts = {
  tasks: {
    get: (_, id) => tasks.find((t) => t.id === id),
    must: none,
    open: () => tasks.filter((t) => t.phase !== Phase.PHASE_CLOSED),
    noteAdvance: none,
    endWithoutSupervisors: none,
  },
  matching: { seats: none, seat: (_, taskId, role, index) => (index < 3 ? seat(taskId, role, index) : undefined), byWorker: none, confirm: none, noteAnchor: none, drop: none, slash: none },
  work: { history: none, auditOf: none, refersTo: none, lapseClaims: none, requestAudit: none },
};
const faces = supervision.create(ports);

const context = (): Context =>
  new TestContext(
    environment,
    { chainId: "test-1", height: 40n, timeMs: 5n, timeNs: 5_000_000n, proposer: EMPTY, lastCommit: { round: 0, votes: [] }, misbehaviour: [], beaconSignature: EMPTY, extensions: [] },
    new Branch(new Heights().latest()),
  );
const init = (state: unknown): Context => {
  const ctx = context();
  faces.genesis?.init(ctx, state);
  return ctx;
};
const dump = (ctx: Context) => [...ctx.store("supervision").iterate()].map(([k, v]) => [toHex(k), toHex(v)]);

const head = (height: number, seq: number, n: number) => ({ height: `${height}`, seq: `${seq}`, hash: hash(n) });
const slots = [
  { task_id: "1", slot: 0, positions: "10", head: head(20, 7, 2), ready_blocks: "3" },
  { task_id: "1", slot: 1, positions: "10", head: head(16, 4, 3), status: "SLOT_CLOSED_LATE", closed_height: "18", closed_seq: "2", late_height: "18", late_seq: "2" },
  { task_id: "1", slot: 2, positions: "10", status: "SLOT_CLOSED_FAULT", closed_height: "19", closed_seq: "0", late_height: "17", late_seq: "6", fault: "VERDICT_INVALID" },
  { task_id: "2", slot: 0, positions: "5", head: head(19, 5, 4), final_seq: "5" },
];
const state = {
  params: { stall_blocks: "41" },
  slots,
  advances: [
    { task_id: "1", slot: 0, from: "0", head: head(18, 5, 1) },
    { task_id: "1", slot: 0, from: "5", head: head(20, 7, 2) },
    { task_id: "1", slot: 2, from: "0", head: head(18, 6, 9) },
  ],
  attestations: [0, 1].map((index) => ({ task_id: "1", slot: 0, seq: "7", supervisor: index, hash: hash(2) })),
  highest: [0, 1].map((index) => ({ task_id: "1", slot: 0, seq: "7", supervisor: index, hash: hash(2) })),
  reported: [{ task_id: "1", slot: 2 }],
  requests: [{ task_id: "1", supervisor, height: "39", job: "4" }],
};

test("an export begins a chain with the same state", (t) => {
  const ctx = init(state);
  const exported = JSON.parse(JSON.stringify(faces.genesis?.export(ctx)));
  t.is(exported.params.stall_blocks, "41");
  t.is(exported.params.supervisor_stall_blocks, "60", "what is not named has its default");
  t.is(exported.slots.length, 4);
  t.deepEqual(dump(init(exported)), dump(ctx));
  for (const check of Object.values(faces.invariants ?? {})) t.is(check(ctx), undefined);
});

test("what happened to a slot is told as it was, to modules and to queries", (t) => {
  const ctx = init(state);
  t.deepEqual(faces.keeper.slots(ctx, 1n).map((s) => s.state), [
    { kind: "open", readyBlocks: 3n },
    { kind: "late", height: 18n, seq: 2n },
    { kind: "fault", height: 19n, seq: 0n, code: 2, late: { height: 17n, seq: 6n } },
  ]);
  t.deepEqual(faces.keeper.wire(ctx, 1n).map((s) => [s.closedHeight, s.closedSeq, s.lateHeight, s.lateSeq, s.finalSeq]), [
    [undefined, undefined, undefined, undefined, undefined],
    [18n, 2n, 18n, 2n, undefined],
    [19n, 0n, 17n, 6n, undefined],
  ]);
  t.is(faces.keeper.lowestAnchoredRound(ctx, 1n), 6n, "of the open slot");
  t.deepEqual(faces.keeper.advancesAt(ctx, 18n).map((a) => [a.slot, a.from, a.head.seq]), [[0, 0n, 5n], [2, 0n, 6n]]);
  t.is(attestations.keys(ctx).length, 2);
});

test("a state that cannot be is refused by its path", (t) => {
  const refusal = (change: object) => t.throws(() => init({ ...state, ...change }))?.message ?? "";
  const slot = (i: number, change: object) => refusal({ slots: slots.map((s, j) => (i === j ? { ...s, ...change } : s)) });
  const at = "app_state.supervision";
  t.is(refusal({ params: { slash_stall: 1_000_001 } }), `${at}.params.slash_stall: got 1000001, want 0 to 1000000 parts per million`);
  t.is(refusal({ params: { audit_request_window: `${2n ** 41n}` } }), `${at}.params.audit_request_window: got ${2n ** 41n}, want 0 to ${2n ** 40n}`);
  t.is(slot(0, { task_id: "9" }), `${at}.slots[0].task_id: task 9 is not there`);
  t.is(slot(0, { task_id: "3" }), `${at}.slots[0].task_id: Training of task 3 has not begun`);
  t.is(slot(0, { slot: 3 }), `${at}.slots[0].slot: got 3, task 1 has 3`);
  t.is(slot(1, { slot: 0 }), `${at}.slots[1]: slot 0 of task 1 is named twice`);
  t.is(slot(0, { positions: "11" }), `${at}.slots[0].positions: got 11, want 10`);
  t.is(slot(0, { head: head(20, 11, 2) }), `${at}.slots[0].head.seq: got 11, want 1 to 10`);
  t.is(slot(0, { head: { ...head(20, 7, 2), hash: "0x00" } }), `${at}.slots[0].head.hash: got 1 bytes, want 32`);
  t.is(slot(0, { closed_height: "5" }), `${at}.slots[0].closed_height: does not go with the slot's status`);
  t.is(slot(1, { closed_height: null, closed_seq: null, late_height: null, late_seq: null, ready_blocks: "0", status: "SLOT_CLOSED_LATE" }), `${at}.slots[1].closed_height: want that of a closed slot`);
  t.is(slot(1, { late_height: "17" }), `${at}.slots[1].late_height: does not go with the slot's status`);
  t.is(slot(1, { closed_seq: "5", late_seq: "5" }), `${at}.slots[1].closed_seq: got 5, want 0 to 4`);
  t.is(slot(2, { closed_seq: "1" }), `${at}.slots[2].closed_seq: got 1, want 0 to 0`);
  t.is(slot(0, { final_seq: "7" }), `${at}.slots[0].final_seq: want one once Training of task 1 has ended, and none before`);
  t.is(slot(3, { final_seq: "4" }), `${at}.slots[3].final_seq: got 4, the head is 5`);
  t.is(refusal({ slots: slots.slice(1) }), `${at}.slots: got 2 slots of task 1, want 3`);
  t.is(refusal({ slots: [], advances: [], attestations: [], highest: [], reported: [] }), `${at}.slots: got 0 slots of task 1, want 3`);

  const [first, second] = state.advances;
  t.is(refusal({ advances: [{ ...first, slot: 4 }] }), `${at}.advances[0]: slot 4 of task 1 is not there`);
  t.is(refusal({ advances: [{ ...first, head: null }] }), `${at}.advances[0].head: want that of the advance`);
  t.is(refusal({ advances: [{ ...first, from: "5" }] }), `${at}.advances[0].head.seq: got 5, want 6 to 10`);
  t.is(refusal({ advances: [second, second] }), `${at}.advances[1]: an advance of slot 0 of task 1 to 7 is named twice`);
  t.is(refusal({ advances: [first] }), `${at}.advances: task 1, slot 0: newest kept advance is 5, head is 7`);
  const [attestation] = state.attestations;
  t.is(refusal({ attestations: [{ ...attestation, supervisor: 3 }] }), `${at}.attestations[0].supervisor: task 1 has no supervisor's seat 3`);
  t.is(refusal({ attestations: [attestation, attestation] }), `${at}.attestations[1]: is named twice`);
  t.is(refusal({ highest: [attestation, { ...attestation, seq: "8" }] }), `${at}.highest[1]: is named twice`);
  t.is(refusal({ reported: [{ task_id: "1", slot: 0 }] }), `${at}.reported[0]: slot 0 of task 1 is not closed for a fault`);
  t.regex(refusal({ requests: [{ ...state.requests[0], supervisor: "nobody" }] }), /^app_state\.supervision\.requests\[0\]\.supervisor: /);
  t.regex(refusal({ slot: [] }), /^app_state\.supervision\.slot: there is no such field/);
});
