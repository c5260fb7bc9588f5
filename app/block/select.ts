/** Which of the waiting transactions a proposer puts into its block. */
import { isBlockData } from "./block-data.js";
import { gasWanted, MAX_URGENT, type Room, wireSize } from "./limits.js";

export interface BlockRoom extends Room {
  /** what of it transactions may have that are not in the lane */
  readonly ordinary: Room;
  /** of the last commit */
  readonly votes: number;
}

/** What is known of a transaction beside its bytes. */
export interface Looks {
  readonly signersOf: (tx: Uint8Array) => readonly string[];
  /** who signs it, if it is in the lane */
  readonly urgentSigner: (tx: Uint8Array) => string | undefined;
}

/** Transactions that do not fit and are passed over before a block counts as full but for the lane. */
const MAX_PASSED_OVER = 32;
/** Transactions whose signers are looked at, because somebody waits: each is decoded for that. */
const MAX_LOOKED_AT = 2_000;

class Left {
  #bytes: bigint;
  #gas: bigint | undefined;
  constructor({ bytes, gas }: Room) {
    this.#bytes = bytes;
    this.#gas = gas;
  }
  fits = (size: bigint, gas: bigint): boolean => size <= this.#bytes && (this.#gas === undefined || gas <= this.#gas);
  take(size: bigint, gas: bigint): void {
    this.#bytes -= size;
    if (this.#gas !== undefined) this.#gas -= gas;
  }
}

/** What goes into a block of those that wait, in their order. Who does not fit waits, and with it what its signers sent later. */
export function selectTransactions(txs: readonly Uint8Array[], room: BlockRoom, { signersOf, urgentSigner }: Looks): Uint8Array[] {
  const chosen: Uint8Array[] = [];
  const waiting = new Set<string>();
  const urgentOf = new Map<string, number>();
  const all = new Left(room);
  const ordinary = new Left(room.ordinary);
  let passedOver = 0;
  let lookedAt = 0;
  let none = true;
  const inLane = (tx: Uint8Array): boolean => {
    const signer = urgentSigner(tx);
    if (signer === undefined) return false;
    const count = urgentOf.get(signer) ?? 0;
    urgentOf.set(signer, count + 1);
    return count < MAX_URGENT;
  };
  for (const tx of txs) {
    // A second one would make every node refuse the block.
    if (isBlockData(tx, room.votes)) continue;
    if (waiting.size > 0 && ++lookedAt > MAX_LOOKED_AT) break;
    const size = wireSize(tx);
    const gas = room.gas === undefined ? 0n : gasWanted(tx);
    const urgent = inLane(tx);
    // The first one that is not in the lane may be larger than what is left beside it: else it never came in.
    const fits = (urgent || passedOver <= MAX_PASSED_OVER) && all.fits(size, gas) && (urgent || none || ordinary.fits(size, gas));
    if (fits && (waiting.size === 0 || !signersOf(tx).some((s) => waiting.has(s)))) {
      chosen.push(tx);
      all.take(size, gas);
      if (!urgent) {
        ordinary.take(size, gas);
        none = false;
      }
      continue;
    }
    if (!fits) passedOver++;
    for (const s of signersOf(tx)) waiting.add(s);
  }
  return chosen;
}
