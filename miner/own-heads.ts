/**
 * What this worker signed before, as others show it: a seq that was ever signed is never signed again. Only a message
 * that carries our own signature counts, or a head that the chain anchored, so no supervisor can hold a miner back by a
 * number. An own log that is there holds all that was sent; without it every supervisor has to answer first.
 */
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { verifyHead } from "#protocol/log/header.js";
import { type Logger } from "#platform/log.js";

export interface OwnHeadsInput {
  readonly chainId: string;
  readonly taskId: bigint;
  readonly slots: readonly number[];
  readonly publicKey: Uint8Array;
  /** head of the own log */
  head(slot: number): bigint;
  anchored(slot: number): bigint;
  readonly supervisors: readonly { readonly worker: string; newest(slot: number): Promise<Iteration | undefined> }[];
  readonly log: Logger;
}

/** The highest seq of each own slot that was signed and is not in the own log. Throws while that cannot be known. */
export async function signedBeyond(o: OwnHeadsInput): Promise<Map<number, bigint>> {
  const lost = o.slots.every((slot) => o.head(slot) === 0n);
  const out = new Map<number, bigint>();
  let failed = 0;
  const note = (slot: number, seq: bigint): void => {
    if (seq > o.head(slot) && seq > (out.get(slot) ?? 0n)) out.set(slot, seq);
  };
  for (const slot of o.slots) note(slot, o.anchored(slot));
  await Promise.all(
    o.supervisors.map(async ({ worker, newest }) => {
      try {
        for (const slot of o.slots) {
          const m = await newest(slot);
          if (m) note(slot, signedSeq(o, slot, m));
        }
      } catch (e) {
        failed++;
        o.log.warn("a supervisor does not tell what we signed", { supervisor: worker, error: e as Error });
      }
    }),
  );
  if (failed > 0 && lost) throw new Error(`own log is lost and ${failed} supervisors do not answer: waiting, so that no seq is signed twice`);
  return out;
}

function signedSeq(o: OwnHeadsInput, slot: number, m: Iteration): bigint {
  const { seq, slot: of } = Header.decode(m.header);
  const head = { chainId: o.chainId, taskId: o.taskId, slot, seq, headerHash: nodeCrypto.sha256(m.header) };
  if (of !== slot || !verifyHead(nodeCrypto, o.publicKey, head, m.signature)) throw new Error(`its message ${of}/${seq} is not signed by us`);
  return seq;
}
