import "#platform/install.js";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { EvidenceRequest, type SlotLog } from "#proto/gen/pouw/v1/services.js";
import { Evidence } from "./evidence.js";

/** Slot 1's iteration 1 counted so many of slot 0's messages. */
const COUNTED = 1_000n;

function evidence(asked: (what: string, slot: number, seq: bigint) => boolean = () => true): { answer: (anchored: readonly SlotLog[]) => Promise<bigint[]>; hash: (seq: bigint) => Uint8Array } {
  const message = (slot: number, seq: bigint): Iteration => ({ header: Header.encode(Header.create({ slot, seq, clock: slot === 1 ? [COUNTED, 0n] : [] })), map: Uint8Array.of(0), signature: new Uint8Array(64) });
  const hash = (seq: bigint) => nodeCrypto.sha256(message(0, seq).header);
  const store = {
    get: async (slot: number, seq: bigint) => message(slot, seq),
    hashAt: async (_slot: number, seq: bigint) => hash(seq),
    async *range(slot: number, first: bigint, last: bigint) {
      for (let q = first; q <= last; q++) yield { slot, seq: q, bytes: Iteration.encode(message(slot, q)) };
    },
  };
  const residuals = { get: async () => new Uint8Array(8) };
  const e = new Evidence(store as never, residuals as never, undefined as never, async (...a) => asked(...a));
  return {
    hash,
    async answer(anchored) {
      const out: bigint[] = [];
      for await (const p of e.answer(EvidenceRequest.create({ slot: 1, seq: 1n, peers: true, anchored: [...anchored] }))) for (const m of p.messages ?? []) out.push(Header.decode(m.header).seq);
      return out;
    },
  };
}

test("of a peer that forked only the branch is sent: from behind the newest of the anchored hashes that is here too", async (t) => {
  const { answer, hash } = evidence();
  const other = new Uint8Array(32);
  const seqs = [1_000n, 999n, 997n, 993n, 985n];
  t.deepEqual(await answer([{ slot: 0, seqs, hashes: [other, other, other, hash(993n), hash(985n)] }]), [994n, 995n, 996n, 997n, 998n, 999n, 1_000n]);
  t.deepEqual(await answer([{ slot: 0, seqs, hashes: seqs.map(hash) }]), [], "nothing of a peer whose log is the anchored one");
});

test("where nothing is anchored or all differs, everything is sent", async (t) => {
  const { answer } = evidence();
  t.is((await answer([])).length, 1_000);
  t.is((await answer([{ slot: 0, seqs: [1n], hashes: [new Uint8Array(32)] }])).length, 1_000);
});

test("nothing is served, looked up or run again that no open job on chain needs", async (t) => {
  const asked: string[] = [];
  const { answer } = evidence((what, slot, seq) => (asked.push(`${what} ${slot}/${seq}`), false));
  t.deepEqual(await answer([]), []);
  t.deepEqual(asked, ["peers 1/1"]);
});
