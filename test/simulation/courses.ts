/** What honest workers of the tasks have in their hands: the logs of slots, how far these were written, the salts of scores. */
import { utf8 } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { TestChain } from "#test/chain/chain.js";
import { type Signer, signerOf } from "#test/chain/keys.js";
import { SlotLog } from "#test/chain/slot-log.js";
import type { Random } from "./random.js";

export type Task = ReturnType<TestChain["k"]["tasks"]["open"]>[number];
export type Seat = ReturnType<TestChain["k"]["matching"]["seats"]>[number];

/** A slot's log, and up to where its supervisors have it. */
export interface Written {
  readonly log: SlotLog;
  seq: number;
}

const keys = new Map<string, Signer>();

/** The session key of a worker, in all of its tasks. */
export function sessionKey(hash: Hash, worker: string): Signer {
  let key = keys.get(worker);
  if (!key) keys.set(worker, (key = signerOf(hash, `session of ${worker}`)));
  return key;
}

export class Courses {
  private readonly slots = new Map<string, Written>();

  constructor(private readonly chain: TestChain, private readonly random: Random) {}

  /** Not closed, of these phases. */
  open(...phases: readonly Phase[]): Task[] {
    return this.chain.k.tasks.open(this.chain.ctx).filter((t) => phases.length === 0 || phases.includes(t.phase));
  }
  seats(taskId: bigint, role?: Role): readonly Seat[] {
    return this.chain.k.matching.seats(this.chain.ctx, taskId, role);
  }

  /** At the beginning of a block: miners have gone on. */
  look(): void {
    for (const t of this.open(Phase.PHASE_TRAINING)) {
      for (const slot of this.chain.k.supervision.slots(this.chain.ctx, t.id)) {
        const written = this.of(t.id, slot.slot);
        if (written && this.random.percent(35)) written.seq = Math.min(Number(slot.positions), written.seq + this.random.between(1, 12));
      }
    }
  }

  /** Undefined before its miner has joined. */
  of(taskId: bigint, slot: number): Written | undefined {
    const id = `${taskId}/${slot}`;
    const known = this.slots.get(id);
    const seat = this.chain.k.matching.seat(this.chain.ctx, taskId, Role.ROLE_MINER, slot);
    if (known || !seat?.joined) return known;
    const { crypto: hash } = this.chain.environment;
    const written: Written = { log: new SlotLog({ hash, chainId: this.chain.chainId, taskId, slot, keys: sessionKey(hash, seat.worker) }), seq: 0 };
    this.slots.set(id, written);
    return written;
  }

  salt(taskId: bigint, worker: string): Uint8Array {
    return this.chain.environment.crypto.sha256(utf8(`salt of ${worker} in ${taskId}`));
  }
}
