/**
 * Messages by hand: whatever clocks a test wants, with everything around them right (links, digests, roots, batches,
 * signatures), over empty maps. So the rules are met without a model, and a test changes the one thing that it is about.
 */
import { type Group, groupsOf, oneGroup } from "#engine/quanta.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type SessionKey, sessionKeyFromSeed } from "#platform/keys.js";
import { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { ZERO_DIGEST } from "#protocol/hash.js";
import { firstTip } from "#protocol/log/check.js";
import { encodeHeader, headSignBytes } from "#protocol/log/header.js";
import { Intake, type IntakeSetup, type SlotLog, type Taken } from "#protocol/log/intake.js";
import { emptyRoot, LogTree } from "#protocol/log/log-root.js";
import { positionOf, roundOf } from "#protocol/log/positions.js";
import { chainDigest } from "#protocol/state/digest.js";

export const EMPTY = Uint8Array.of(0);
/** One tensor of 67 parameters: maps of at most 81 bytes. */
const PLAN = { tensors: [{ offset: 0, size: 67 }] };
export const BEACON = new Uint8Array(32).fill(3);

export interface ScriptedOptions {
  readonly slots: number;
  readonly epochs?: number;
  readonly batches?: number;
  readonly lag?: number;
  readonly runAhead?: bigint;
}

interface SlotState {
  prev: Uint8Array;
  digest: Uint8Array;
  readonly tree: LogTree;
}

export class ScriptedGroup {
  readonly chainId = "c-1";
  readonly taskId = 7n;
  readonly parameters = 67;
  readonly startHeight = 100n;
  readonly spec: TaskSpec;
  readonly groups: readonly Group[];
  readonly keys: readonly SessionKey[];
  readonly batchHashes: readonly Uint8Array[];
  readonly #order: BatchOrder;
  readonly #slots: SlotState[];

  constructor({ slots, epochs = 1000, batches = 4, lag = 1, runAhead = 64n }: ScriptedOptions) {
    this.spec = TaskSpec.create({ slots, epochs, batches, lag, runAhead, batchSize: 4, profile: "wasm-f32-1", quanta: oneGroup(PLAN, -7) });
    this.groups = groupsOf(this.spec.quanta, PLAN.tensors);
    this.keys = Array.from({ length: slots }, (_, i) => sessionKeyFromSeed(new Uint8Array(32).fill((i % 255) + 1)));
    this.batchHashes = Array.from({ length: batches }, (_, i) => nodeCrypto.sha256(Uint8Array.of(i)));
    this.#order = new BatchOrder(nodeCrypto, BEACON, this.taskId, batches);
    this.#slots = Array.from({ length: slots }, () => ({ prev: ZERO_DIGEST, digest: ZERO_DIGEST, tree: new LogTree(nodeCrypto) }));
  }

  /** The slot's next message, at a clock; `change` breaks what it names before it is signed. Does not move the slot. */
  message(slot: number, clock: readonly bigint[], change: Partial<Header> = {}, map = EMPTY): Iteration {
    const s = this.#slots[slot] as SlotState;
    const seq = BigInt(s.tree.size) + 1n;
    const mapHash = nodeCrypto.sha256(map);
    const header = encodeHeader(
      Header.create({
        version: 1, chainId: this.chainId, taskId: this.taskId, slot, seq, prev: s.prev, round: roundOf(seq), height: this.startHeight,
        clock: clock.map((c, j) => (j === slot ? seq - 1n : c)),
        batchHash: this.batchHashes[this.#order.batchOf(positionOf(this.spec, slot, seq))] as Uint8Array,
        mapHash, chainDigest: chainDigest(nodeCrypto, s.digest, mapHash), modelDigest: new Uint8Array(32).fill(1), logRoot: s.tree.root(),
        residualHash: new Uint8Array(32).fill(2), loss: 500_000, accuracy: 900_000, ...change,
      }),
    );
    return { header, map, signature: this.sign(slot, header) };
  }

  sign(slot: number, header: Uint8Array): Uint8Array {
    const { chainId, taskId } = this;
    return (this.keys[slot] as SessionKey).sign(headSignBytes(nodeCrypto, { chainId, taskId, slot, seq: Header.decode(header).seq, headerHash: nodeCrypto.sha256(header) }));
  }

  /** The slot goes on from this message. */
  move(m: Iteration): Iteration {
    const header = Header.decode(m.header);
    const s = this.#slots[header.slot] as SlotState;
    s.prev = nodeCrypto.sha256(m.header);
    s.digest = header.chainDigest;
    s.tree.append(s.prev);
    return m;
  }

  next(slot: number, clock: readonly bigint[], change: Partial<Header> = {}): Iteration {
    return this.move(this.message(slot, clock, change));
  }

  /** Every slot's message of so many rounds, each at the clock of the round before. */
  rounds(count: number): Iteration[] {
    const out: Iteration[] = [];
    for (let r = 0; r < count; r++) {
      const clock = this.#slots.map((s) => BigInt(s.tree.size));
      for (let slot = 0; slot < this.#slots.length; slot++) out.push(this.next(slot, clock));
    }
    return out;
  }

  emptyLogs(): SlotLog[] {
    return this.#slots.map(() => ({ tip: firstTip(this.spec.slots, this.startHeight, emptyRoot(nodeCrypto)), tree: new LogTree(nodeCrypto) }));
  }

  setup(change: Partial<IntakeSetup> = {}): IntakeSetup {
    const { chainId, taskId, spec, parameters, startHeight, batchHashes } = this;
    return { crypto: nodeCrypto, chainId, taskId, spec, parameters, startHeight, startBeacon: BEACON, batchHashes, groups: this.groups, logs: this.emptyLogs(), lowestRound: () => 0n, ...change };
  }

  sessionKeys(): Map<number, Uint8Array> {
    return new Map(this.keys.map((k, slot) => [slot, k.publicKey]));
  }
}

/** An intake with the answers that a driver gives at once. */
export class Reader {
  readonly intake: Intake;
  /** "slot/seq" in the order of the log; with "!" what broke a rule */
  readonly log: string[] = [];
  readonly hashes = new Map<string, Uint8Array>();

  constructor(
    private readonly group: ScriptedGroup,
    change: Partial<IntakeSetup> = {},
  ) {
    this.intake = new Intake(group.setup(change));
    this.at(110n);
  }

  at(height: bigint, slots: Parameters<Intake["setView"]>[0]["slots"] = []): this {
    this.intake.setView({ height, slots, sessionKeys: this.group.sessionKeys() });
    this.drain();
    return this;
  }

  receive(m: Iteration): string {
    let offer = this.intake.offer(m);
    if ("lookup" in offer) offer = this.intake.looked(offer.ticket, this.hashes.get(`${offer.lookup.slot}/${offer.lookup.seq}`));
    if ("outcome" in offer) return offer.outcome;
    if (!("verify" in offer)) throw new Error("looked up twice");
    const { key, message, signature } = offer.verify;
    const { outcome, equivocation } = this.intake.verified(offer.ticket, nodeCrypto.verifyEd25519(key, message, signature));
    this.drain();
    return equivocation ? `equivocation by ${equivocation.slot}${equivocation.first ? "" : ", first logged"}` : outcome;
  }

  drain(): void {
    for (let taken: Taken[] = this.intake.take(4); taken.length > 0; taken = this.intake.take(4)) {
      for (const t of taken) {
        if ("refused" in t) this.log.push(`!${t.refused.slot}/${t.refused.seq} ${t.outcome}`);
        else {
          const { slot, seq, hash } = t.accepted;
          this.log.push(`${slot}/${seq}`);
          this.hashes.set(`${slot}/${seq}`, hash);
        }
      }
    }
  }
}
