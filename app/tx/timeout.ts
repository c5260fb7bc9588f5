/** Until when a transaction may be in a block: by height and by the blocks' own time. */
import { type Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { type TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";

const SECOND = 1_000_000_000n;
/** 0001-01-01 to 9999-12-31, as protobuf defines a Timestamp */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

export const isTimestamp = ({ seconds, nanos }: Timestamp): boolean => seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && BigInt(nanos) < SECOND;

export function checkTimeouts({ block }: Context, { timeoutHeight, timeoutTimestamp }: TxBody): void {
  if (timeoutHeight > 0n && block.height > timeoutHeight) throw sdk.txTimeoutHeight(`block height: ${block.height}, timeout height: ${timeoutHeight}`);
  // The SDK takes 1970 for "none", as it takes an absent one.
  if (!timeoutTimestamp || timeoutTimestamp.seconds === 0n) return;
  const timeout = timeoutTimestamp.seconds * SECOND + BigInt(timeoutTimestamp.nanos);
  if (timeout < block.timeNs) throw sdk.txTimeout(`block time: ${instant(block.timeNs)}, timeout timestamp: ${instant(timeout)}`);
}

/** As Go prints a time: 2026-01-02 03:04:05.6 +0000 UTC. */
function instant(ns: bigint): string {
  const fraction = ((ns % SECOND) + SECOND) % SECOND;
  const seconds = new Date(Number(((ns - fraction) / SECOND) * 1000n)).toISOString().slice(0, 19).replace("T", " ");
  const digits = fraction === 0n ? "" : `.${fraction.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${seconds}${digits} +0000 UTC`;
}
