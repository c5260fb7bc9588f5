/** A slot's own chain of headers, as a miner would write it, and what it signs of them. */
import { EMPTY } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import type { HeadAttestation } from "#proto/gen/pouw/supervision/v1/types.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { encodeHeader, headerHash, headSignBytes } from "#protocol/log/header.js";
import { LogTree } from "#protocol/log/log-root.js";
import type { Signer } from "./keys.js";

export interface SlotLogOptions {
  readonly hash: Hash;
  readonly chainId: string;
  /** 1 without it */
  readonly taskId?: bigint;
  readonly slot: number;
  /** of the slot's miner */
  readonly keys: Signer;
  /** another one makes another fork; 0 without it */
  readonly salt?: number;
}

export class SlotLog {
  readonly headers: Uint8Array[] = [];
  readonly tree: LogTree;
  readonly slot: number;
  readonly keys: Signer;
  readonly taskId: bigint;
  private readonly o: SlotLogOptions;

  constructor(o: SlotLogOptions) {
    this.o = o;
    this.slot = o.slot;
    this.keys = o.keys;
    this.taskId = o.taskId ?? 1n;
    this.tree = new LogTree(o.hash);
  }

  /** Another history of the same slot. */
  fork(salt: number): SlotLog {
    return new SlotLog({ ...this.o, salt });
  }

  grow(to: number): this {
    const { chainId, hash, salt = 0 } = this.o;
    while (this.headers.length < to) {
      const seq = BigInt(this.headers.length + 1);
      const header = encodeHeader(Header.create({ version: 1, chainId, taskId: this.taskId, slot: this.slot, seq, round: seq - 1n, overdrive: salt, logRoot: this.tree.root() }));
      this.headers.push(header);
      this.tree.append(headerHash(hash, header));
    }
    return this;
  }

  /** The header of a position, from 1. */
  bytes(seq: number): Uint8Array {
    return this.grow(seq).headers[seq - 1] as Uint8Array;
  }

  head(seq: number): HeadAttestation {
    const { chainId, hash } = this.o;
    const h = headerHash(hash, this.bytes(seq));
    const signature = this.keys.sign(headSignBytes(hash, { chainId, taskId: this.taskId, slot: this.slot, seq: BigInt(seq), headerHash: h }));
    return { slot: this.slot, seq: BigInt(seq), headerHash: h, signature };
  }

  /** The same, as `seen` in MsgAnchorLog names it. */
  seen(seq: number): HeadAttestation {
    return { ...this.head(seq), signature: EMPTY };
  }

  /** The same, as evidence of two heads names it. */
  signed(seq: number): { readonly seq: bigint; readonly hash: Uint8Array; readonly signature: Uint8Array } {
    const h = this.head(seq);
    return { seq: h.seq, hash: h.headerHash, signature: h.signature };
  }

  /** That a position stands below a head; of the head itself nothing is to be shown. */
  proof(seq: number, head: number): Uint8Array[] {
    return seq >= head ? [] : this.tree.proof(seq - 1, head - 1);
  }
}
