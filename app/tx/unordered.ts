/**
 * Transactions without a place in their signers' order, as the Cosmos SDK has them: in place of a sequence they have the
 * instant at which they end, which is theirs alone among their signers' transactions, and near enough to be remembered.
 */
import { type TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import { type AuthKeeper } from "#modules/auth/index.js";

/** nanoseconds that a transaction may wait */
const MOST_AHEAD = 600n * 1_000_000_000n;
const GAS = 2_240n;

/** That it ends in time is checked before. In a simulation nothing is noted, and what was used before is not told. */
export function useTimeout(ctx: Context, auth: AuthKeeper, { timeoutTimestamp: timeout }: TxBody, signers: readonly string[], simulate: boolean): void {
  if (!timeout || timeout.seconds === 0n) throw sdk.invalidRequest("unordered transaction must have timeout_timestamp set");
  const ns = timeout.seconds * 1_000_000_000n + BigInt(timeout.nanos);
  if (ns > ctx.block.timeNs + MOST_AHEAD) throw sdk.invalidRequest("unordered tx ttl exceeds 10m0s");
  ctx.gas.consume(GAS, "unordered tx");
  if (simulate) return;
  for (const signer of signers) {
    if (!auth.useTimeout(ctx, signer, ns)) throw sdk.invalidRequest(`failed to add unordered nonce: sender ${signer} has already used timeout ${ns}`);
  }
}
