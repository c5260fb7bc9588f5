/** What a miner serves when it is asked over its streams: own residuals, and the messages that it has applied. */
import { equalBytes } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { EvidenceReply, EvidenceRequest } from "#proto/gen/pouw/v1/services.js";
import { type LogStore } from "#net/log-store.js";
import { MAX_RERUN, type Reruns } from "./reruns.js";
import { type ResidualStore } from "./residuals.js";

type Part = Pick<Partial<EvidenceReply>, "residual" | "messages">;

const PART = 1 << 20;
/** Anchored hashes of one peer that are compared: halving steps of the longest log. */
const MAX_ANCHORED = 64;

export class Evidence {
  private readonly finding = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(
    private readonly store: Pick<LogStore, "get" | "range" | "hashAt">,
    private readonly residuals: ResidualStore,
    private readonly reruns: Pick<Reruns, "run">,
    /** whether an open job on chain needs the residual after an own iteration, or its peers' messages: work is done for these alone */
    private readonly isAsked: (what: "residual" | "peers", slot: number, seq: bigint) => Promise<boolean>,
  ) {}

  async *answer(r: EvidenceRequest): AsyncGenerator<Part> {
    if ((r.residual || r.peers) && !(await this.isAsked(r.residual ? "residual" : "peers", r.slot, r.seq))) return;
    if (r.residual) {
      const residual = await this.residual(r.slot, r.seq);
      for (let at = 0; residual && at < residual.length; at += PART) yield { residual: residual.subarray(at, at + PART) };
    } else if (r.iteration) {
      const m = await this.store.get(r.slot, r.seq);
      if (m) yield { messages: [m] };
    } else if (r.peers) {
      const own = await this.store.get(r.slot, r.seq);
      if (!own) return;
      yield { messages: [] }; // that there is nothing else is an answer too
      const { clock } = Header.decode(own.header);
      for (const [slot, count] of clock.entries()) {
        if (slot === r.slot) continue;
        for await (const m of this.store.range(slot, await this.branch(r, slot, count), count)) yield { messages: [Iteration.decode(m.bytes)] };
      }
    }
  }

  /** The first of a peer's messages that may differ from the anchored log: behind the newest of its hashes that is here too. */
  private async branch({ anchored }: EvidenceRequest, slot: number, count: bigint): Promise<bigint> {
    const log = anchored.find((a) => a.slot === slot);
    for (const [i, seq] of (log?.seqs ?? []).slice(0, MAX_ANCHORED).entries()) {
      const own = seq <= count ? await this.store.hashAt(slot, seq) : undefined;
      if (own && equalBytes(own, log?.hashes[i] ?? new Uint8Array(0))) return seq + 1n;
    }
    return 1n;
  }

  /** The residual after an own iteration: as it was kept, or made again from an older one and kept then. */
  residual(slot: number, seq: bigint): Promise<Uint8Array | undefined> {
    const key = `${slot}/${seq}`;
    let found = this.finding.get(key);
    if (!found) {
      found = this.residuals.get(slot, seq).then((kept) => kept ?? this.remake(slot, seq)).finally(() => this.finding.delete(key));
      this.finding.set(key, found);
    }
    return found;
  }

  private async remake(slot: number, seq: bigint): Promise<Uint8Array | undefined> {
    const own = await this.store.get(slot, seq);
    const hash = own && Header.decode(own.header).residualHash;
    if (hash?.length !== 32) return undefined;
    const from = (await this.residuals.atOrBelow(slot, seq))?.seq ?? 0n;
    if (seq - from > MAX_RERUN) return undefined;
    const { residual } = await this.reruns.run(slot, seq);
    if (!equalBytes(nodeCrypto.sha256(residual), hash)) return undefined;
    await this.residuals.put(slot, seq, residual);
    return residual;
  }
}
