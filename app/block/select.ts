/** Which of the waiting transactions a proposer puts into its block. */
import { isBlockData } from "./block-data.js";
import { gasWanted, wireSize } from "./limits.js";

export interface Room {
  readonly bytes: bigint;
  /** undefined: no limit */
  readonly gas: bigint | undefined;
  /** of the last commit */
  readonly votes: number;
}

/** Transactions that do not fit and are passed over before a block counts as full. */
const MAX_PASSED_OVER = 32;
/** Transactions whose signers are looked at, because somebody waits: each is decoded for that. */
const MAX_LOOKED_AT = 2_000;

/** What goes into a block of those that wait, in their order. Who does not fit waits, and with it what its signers sent later. */
export function selectTransactions(
  txs: readonly Uint8Array[],
  room: Room,
  signersOf: (tx: Uint8Array) => readonly string[],
): Uint8Array[] {
  const chosen: Uint8Array[] = [];
  const waiting = new Set<string>();
  let { bytes, gas } = room;
  let passedOver = 0;
  let lookedAt = 0;
  for (const tx of txs) {
    // A second one would make every node refuse the block.
    if (isBlockData(tx, room.votes)) continue;
    if (waiting.size > 0 && ++lookedAt > MAX_LOOKED_AT) break;
    const size = wireSize(tx);
    const wants = gas === undefined ? 0n : gasWanted(tx);
    const fits = size <= bytes && (gas === undefined || wants <= gas);
    if (fits && (waiting.size === 0 || !signersOf(tx).some((s) => waiting.has(s)))) {
      chosen.push(tx);
      bytes -= size;
      if (gas !== undefined) gas -= wants;
      continue;
    }
    if (!fits && ++passedOver > MAX_PASSED_OVER) break;
    for (const s of signersOf(tx)) waiting.add(s);
  }
  return chosen;
}
