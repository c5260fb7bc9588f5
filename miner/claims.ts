/** Lucky iterations: drawn, re-run, residual pushed, claimed. One at a time, each once. */
import { type ChainParams } from "#client/chain/params.js";
import { type Chain, type Sender } from "#client/chain/types.js";
import { BeaconQuery } from "#proto/gen/pouw/beacon/v1/query.js";
import { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { toBigInt } from "#kernel/bytes.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { isTolerant } from "#protocol/tasks/profiles.js";
import { type LogStore } from "#net/log-store.js";
import { type TaskView } from "#client/chain/task-view.js";
import { message, trySend } from "#client/chain/worker.js";
import { type Logger } from "#platform/log.js";
import { type Fault } from "./faults.js";
import { type Advance, Advances, inclusionProof, luckyOf } from "./lottery.js";
import { type Reruns } from "./reruns.js";
import { type ResidualStore } from "./residuals.js";

export interface ClaimsSetup {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly params: Pick<ChainParams, "work">;
  readonly log: Logger;
  readonly taskId: bigint;
  readonly flop: bigint;
  readonly parameters: number;
  readonly profile: string;
  readonly slots: readonly number[];
  readonly store: LogStore;
  readonly residuals: ResidualStore;
  readonly reruns: Pick<Reruns, "run">;
  residualOf(slot: number, seq: bigint): Promise<Uint8Array | undefined>;
  push(slot: number, seq: bigint, residual: Uint8Array): void;
  readonly fault?: Fault | undefined;
}

export class Claims {
  private readonly advances = new Advances();
  private readonly heads = new Map<number, bigint>();
  /** kept advances by slot, as they were last read */
  private readonly seen = new Map<number, readonly bigint[]>();
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly o: ClaimsSetup) {}

  async onView(view: TaskView): Promise<void> {
    const { o } = this;
    for (const slot of o.slots) {
      const head = view.slots.find((s) => s.slot === slot)?.head?.seq ?? 0n;
      if (head === (this.heads.get(slot) ?? 0n)) continue;
      const { value } = await o.chain.query(SupervisionQuery.methods.anchors, { taskId: o.taskId, slot });
      this.advances.note(slot, value.heads);
      this.heads.set(slot, head);
      // The oldest kept advance covers all from its predecessor's head on: only what that predecessor ended is out of every window.
      const oldest = value.heads[0]?.seq ?? 0n;
      const over = (this.seen.get(slot) ?? []).filter((seq) => seq < oldest).at(-1);
      if (over !== undefined) await o.residuals.prune(slot, over);
      this.seen.set(slot, value.heads.map((h) => h.seq));
    }
    const { drawDelay, claimWindow } = o.params.work;
    for (const a of this.advances.drawn(view.height, drawDelay)) {
      if (a.height + drawDelay + claimWindow <= view.height) continue; // too late to claim
      this.queue = this.queue.then(() => this.draw(a)).catch((e: Error) => o.log.warn("a draw failed", { slot: a.slot, height: a.height, error: e }));
    }
  }

  private async draw(a: Advance): Promise<void> {
    const { o } = this;
    const at = a.height + o.params.work.drawDelay;
    const beacon = (await o.chain.query(BeaconQuery.methods.beacon, { height: at })).value.beacon;
    // a block's target is what the block before it ended with
    const info = (await o.chain.query(WorkQuery.methods.miningInfo, {}, at - 1n)).value;
    const draw = { taskId: o.taskId, beacon, target: toBigInt(info.target), flop: o.flop, hash: (slot: number, seq: bigint) => o.store.hash(slot, seq) };
    for (const seq of luckyOf(a, draw)) await this.claim(a, seq);
  }

  private async claim(a: Advance, seq: bigint): Promise<void> {
    const { o } = this;
    const { slot } = a;
    const [own, head] = [await o.store.get(slot, seq), await o.store.get(slot, a.to)];
    if (!own || !head) return void o.log.warn("a lucky iteration is not in the log", { slot, seq });
    if (!o.fault && !(await o.reruns.run(slot, seq)).agrees) {
      return void o.log.error("a lucky iteration does not re-run to the same map: check this machine's memory, it is not claimed", { slot, seq });
    }
    // What a verifier asks for: the residual that its re-run begins with, and that which a tolerant iteration left.
    const wanted = [residualSeqBefore(o.parameters, o.profile, seq), ...(isTolerant(o.profile) ? [seq] : [])];
    for (const hashed of wanted) {
      const residual = hashed > 0n ? await o.residualOf(slot, hashed) : undefined;
      if (residual && o.fault !== "withhold-residual") o.push(slot, hashed, residual);
    }
    const proof = inclusionProof(o.store.slotHashes(slot), seq, a.to);
    o.log.info("lucky: claiming", { slot, seq });
    const m = message(MsgSubmitWork, { miner: o.sender.address, taskId: o.taskId, slot, header: own.header, headHeader: head.header, proof });
    await trySend(o.sender, "MsgSubmitWork", m, o.log);
  }
}
