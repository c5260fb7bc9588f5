/**
 * The state of `supervision` as readable records. Advances are named once, and found by slot and by height after init.
 *
 * What cannot be is refused with its path: what is named twice, what names a task, slot or seat that is not there, heads
 * beyond a slot's positions, closures that do not fit the head.
 */
import type { Context } from "#kernel/context.js";
import { defineGenesis, type Genesis, inside, strayField, within } from "#kernel/genesis.js";
import { Attestation, GenesisState } from "#proto/gen/pouw/supervision/v1/genesis.js";
import { type AnchoredHead, Slot as WireSlot } from "#proto/gen/pouw/supervision/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { slotPositions } from "#protocol/log/positions.js";
import { newestAdvanceFault } from "./invariants.js";
import { params } from "./params.js";
import * as s from "./store.js";
import { type Advance, headSeq, parseAdvance, parseSlot, type Slot, type SupervisedTask, type SupervisionPorts, wireSlot } from "./types.js";

export const supervisionGenesis = (ports: SupervisionPorts): Genesis =>
  defineGenesis("supervision", {
    codec: GenesisState,
    params,
    init: (ctx, state, at) => new Loading(ports, ctx).load(state, at),
    export: (view) => ({
      slots: s.slots.list(view).map(wireSlot),
      advances: s.advancesByHeight.list(view),
      attestations: s.attestations.entries(view).map(({ key: [taskId, slot, seq, supervisor], value }) => ({ taskId, slot, seq, supervisor, hash: value })),
      highest: s.highest.entries(view).map(({ key: [taskId], value }) => ({ taskId, ...value })),
      reported: s.reported.keys(view).map(([taskId, slot]) => ({ taskId, slot })),
      requests: s.requests.keys(view).map(([taskId, supervisor, height, job]) => ({ taskId, supervisor, height, job })),
    }),
  });

const refuse = (at: string, what: string): never => {
  throw new Error(`${at}: ${what}`);
};
const bounded = (v: bigint, least: bigint, most: bigint, at: string): void => {
  if (v < least || v > most) refuse(at, `got ${v}, want ${least} to ${most}`);
};
const hashed = (hash: Uint8Array, at: string): void => {
  if (hash.length !== 32) refuse(at, `got ${hash.length} bytes, want 32`);
};
const unknown = ({ taskId, slot }: { taskId: bigint; slot: number }): string => `slot ${slot} of task ${taskId} is not there`;

class Loading {
  constructor(
    private readonly ports: SupervisionPorts,
    private readonly ctx: Context,
  ) {}

  load(state: GenesisState, at: string): void {
    state.slots.forEach((w, i) => {
      const slot = inside(`${at}.slots[${i}]`, () => parseSlot(w));
      const stray = strayField(WireSlot, w, wireSlot(slot));
      if (stray) refuse(`${at}.slots[${i}].${stray}`, "does not go with the slot's status");
      this.slot(slot, `${at}.slots[${i}]`);
    });
    this.complete(new Set(state.slots.map((w) => w.taskId)), `${at}.slots`);
    state.advances.forEach((w, i) => this.advance(inside(`${at}.advances[${i}]`, () => parseAdvance(w)), `${at}.advances[${i}]`));
    for (const slot of s.slots.list(this.ctx)) {
      const fault = newestAdvanceFault(this.ctx, slot);
      if (fault) refuse(`${at}.advances`, `task ${slot.taskId}, slot ${slot.slot}: ${fault}`);
    }
    state.attestations.forEach((a, i) => {
      this.attestation(a, `${at}.attestations[${i}]`, s.attestations.has(this.ctx, a.taskId, a.slot, a.seq, a.supervisor));
      s.attestations.set(this.ctx, a.hash, a.taskId, a.slot, a.seq, a.supervisor);
    });
    state.highest.forEach((a, i) => {
      const { taskId, slot, seq, supervisor, hash } = a;
      this.attestation(a, `${at}.highest[${i}]`, s.highest.has(this.ctx, taskId, slot, supervisor));
      s.highest.set(this.ctx, { supervisor, slot, seq, hash }, taskId, slot, supervisor);
    });
    state.reported.forEach(({ taskId, slot }, i) => {
      const here = `${at}.reported[${i}]`;
      if (s.reported.has(this.ctx, taskId, slot)) refuse(here, `slot ${slot} of task ${taskId} is named twice`);
      if (s.slots.get(this.ctx, taskId, slot)?.state.kind !== "fault") refuse(here, `slot ${slot} of task ${taskId} is not closed for a fault`);
      s.reported.add(this.ctx, taskId, slot);
    });
    state.requests.forEach(({ taskId, supervisor, height, job }, i) => {
      const here = `${at}.requests[${i}]`;
      if (!this.ports.tasks.get(this.ctx, taskId)) refuse(`${here}.task_id`, `task ${taskId} is not there`);
      within(`${here}.supervisor`, () => this.ctx.addresses.parse(supervisor));
      if (s.requests.has(this.ctx, taskId, supervisor, height, job)) refuse(here, `job ${job} is named twice`);
      s.requests.add(this.ctx, taskId, supervisor, height, job);
    });
  }

  private slot(slot: Slot, at: string): void {
    const t = this.ports.tasks.get(this.ctx, slot.taskId) ?? refuse(`${at}.task_id`, `task ${slot.taskId} is not there`);
    if (!t.training) refuse(`${at}.task_id`, `Training of task ${t.id} has not begun`);
    if (slot.slot >= t.spec.slots) refuse(`${at}.slot`, `got ${slot.slot}, task ${t.id} has ${t.spec.slots}`);
    if (s.slots.has(this.ctx, t.id, slot.slot)) refuse(at, `slot ${slot.slot} of task ${t.id} is named twice`);
    const positions = slotPositions(t.spec, slot.slot);
    if (slot.positions !== positions) refuse(`${at}.positions`, `got ${slot.positions}, want ${positions}`);
    if (slot.head) this.head(slot.head, 1n, positions, `${at}.head`);
    const head = headSeq(slot);
    if ((slot.finalSeq === undefined) !== (t.training?.end === undefined)) refuse(`${at}.final_seq`, `want one once Training of task ${t.id} has ended, and none before`);
    if (slot.finalSeq !== undefined && slot.finalSeq !== head) refuse(`${at}.final_seq`, `got ${slot.finalSeq}, the head is ${head}`);
    const { state } = slot;
    if (state.kind === "late") bounded(state.seq, 0n, head, `${at}.closed_seq`);
    if (state.kind === "fault") bounded(state.seq, head, head, `${at}.closed_seq`);
    s.slots.set(this.ctx, slot, t.id, slot.slot);
  }

  /** Training begins with all slots of a task, and none is ever left out. */
  private complete(named: ReadonlySet<bigint>, at: string): void {
    const trained = this.ports.tasks.open(this.ctx).filter((t) => t.training);
    const tasks = new Map(trained.map((t) => [t.id, t]));
    for (const id of named) tasks.set(id, this.ports.tasks.get(this.ctx, id) as SupervisedTask);
    for (const { id, spec } of tasks.values()) {
      const there = s.slots.keys(this.ctx, { prefix: [id] }).length;
      if (there !== spec.slots) refuse(at, `got ${there} slots of task ${id}, want ${spec.slots}`);
    }
  }

  private head(head: AnchoredHead, least: bigint, most: bigint, at: string): void {
    bounded(head.seq, least, most, `${at}.seq`);
    hashed(head.hash, `${at}.hash`);
  }

  private advance(a: Advance, at: string): void {
    const { taskId, slot, from, head } = a;
    const of = s.slots.get(this.ctx, taskId, slot) ?? refuse(at, unknown(a));
    this.head(head, from + 1n, of.positions, `${at}.head`);
    if (s.advances.has(this.ctx, taskId, slot, head.seq)) refuse(at, `an advance of slot ${slot} of task ${taskId} to ${head.seq} is named twice`);
    if (s.advancesByHeight.has(this.ctx, head.height, taskId, slot)) refuse(at, `slot ${slot} of task ${taskId} advances twice at ${head.height}`);
    s.advances.set(this.ctx, head, taskId, slot, head.seq);
    s.advancesByHeight.set(this.ctx, a, head.height, taskId, slot);
  }

  private attestation(a: Attestation, at: string, twice: boolean): void {
    const of = s.slots.get(this.ctx, a.taskId, a.slot) ?? refuse(at, unknown(a));
    bounded(a.seq, 1n, of.positions, `${at}.seq`);
    hashed(a.hash, `${at}.hash`);
    if (!this.ports.matching.seat(this.ctx, a.taskId, Role.ROLE_SUPERVISOR, a.supervisor)) refuse(`${at}.supervisor`, `task ${a.taskId} has no supervisor's seat ${a.supervisor}`);
    if (twice) refuse(at, "is named twice");
  }
}
