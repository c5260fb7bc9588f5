/** One transaction from bytes to result: ante on a branch that stays, messages on a branch that stays only when all succeed. */
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { type Context, type Event, type GasMeter } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type Params } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { type AnteDeps, runAnte } from "./ante.js";
import { decodeTx, type DecodedTx } from "./decode.js";
import { txEvents } from "./events.js";
import { type MinGasPrice } from "./fee.js";
import { freeMeter, Meter } from "./gas.js";
import { type EncodedMessage, type Router } from "./router.js";

/** Where a transaction runs: what its branches read and write is charged, and their writes are kept without their events. */
export interface TxContext extends Context {
  readonly events: readonly Event[];
  /** A branch whose store access is charged to a meter. */
  metered(gas: GasMeter): TxContext;
  /** Writes of a branch without its events: a transaction's events belong to its own result. */
  absorb(branch: TxContext): void;
}

export interface TxOutcome {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly data: Uint8Array;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  readonly events: readonly Event[];
}

export interface Execution {
  readonly router: Router;
  readonly deps: AnteDeps;
  readonly minGasPrice?: MinGasPrice;
  /** gas of a whole block; undefined: as much as there can be */
  readonly blockGas?: bigint | undefined;
  /** told of every error that has no code; the outcome does not say what it was */
  readonly unexpected?: (error: unknown, mode: Mode) => void;
}

/** `genesis`: a transaction of the genesis, before the first block; gas is free, and account numbers are 0 */
export type Mode = "check" | "deliver" | "simulate" | "genesis";

const MAX_GAS = (1n << 63n) - 1n;
const UNLIMITED = (1n << 64n) - 1n;
const NO_DATA = new Uint8Array(0);

/** Never throws for what a transaction holds or does. */
export function executeTx(ctx: TxContext, bytes: Uint8Array, mode: Mode, x: Execution): TxOutcome {
  const failure = (e: unknown, ...rest: [gasWanted: bigint, gasUsed: bigint, events: readonly Event[], prefix?: string]): TxOutcome => {
    if (!(e instanceof ModuleError)) x.unexpected?.(e, mode);
    return failed(e, ...rest);
  };
  let params: Params;
  let tx: DecodedTx;
  try {
    params = x.deps.auth.params(ctx);
    tx = decodeTx(bytes, x.router, params.txSigLimit);
  } catch (e) {
    // In a block the Cosmos SDK does not say why it could not read a transaction; who sent it has heard it from the mempool.
    const unread = mode === "deliver" && e instanceof ModuleError && e.codespace === "sdk" && e.code === sdk.txDecode.code;
    return failure(unread ? sdk.txDecode("") : e, 0n, 0n, []);
  }
  const asked = tx.auth.fee?.gasLimit ?? 0n;
  // A simulation has no limit, and says so in the SDK's way.
  const wanted = mode === "simulate" ? UNLIMITED : asked;
  if (asked > MAX_GAS) return failure(sdk.invalidRequest(`gas limit ${asked}, want at most ${MAX_GAS}`), 0n, 0n, []);
  // A simulation finds out how much is needed; more than one transaction may have is never of use.
  const maxGas = mode === "genesis" ? undefined : x.deps.fees.mostOfOne(ctx, x.blockGas);
  const gas = mode === "genesis" ? freeMeter() : mode !== "simulate" ? new Meter(wanted) : maxGas === undefined ? freeMeter() : new Meter(maxGas);

  // Events of a transaction are its result's, not the block's: they are taken from the branches.
  const ante = ctx.metered(gas);
  try {
    runAnte(ante, tx, x.deps, { params, simulate: mode === "simulate", genesis: mode === "genesis", maxGas, blockGas: x.blockGas, ...(mode === "check" && x.minGasPrice ? { minGasPrice: x.minGasPrice } : {}) });
  } catch (e) {
    return failure(e, wanted, gas.used, []);
  }
  ctx.absorb(ante);
  const events: Event[] = [...ante.events];
  if (mode === "check") return { code: 0, codespace: "", log: "", data: NO_DATA, gasWanted: wanted, gasUsed: gas.used, events };

  const run = ctx.metered(gas);
  const responses: EncodedMessage[] = [];
  const made: Event[] = [];
  for (const [i, message] of tx.messages.entries()) {
    const before = run.events.length;
    try {
      responses.push(x.router.run(run, message));
    } catch (e) {
      return failure(e, wanted, gas.used, events, `failed to execute message; message index: ${i}: `);
    }
    const { handler, signers } = message;
    const head = txEvents.message({ action: handler.typeUrl, sender: signers[0] ?? "", module: handler.module });
    for (const e of [head, ...run.events.slice(before)]) made.push({ type: e.type, attributes: [...e.attributes, { key: "msg_index", value: `${i}` }] });
  }
  ctx.absorb(run);
  const data = TxMsgData.encode(TxMsgData.fromPartial({ msgResponses: responses.map((r) => ({ ...r })) })).finish();
  return { code: 0, codespace: "", log: "", data, gasWanted: wanted, gasUsed: gas.used, events: [...events, ...made] };
}

/** The outcome of a transaction that was not run. */
export const refused = (e: ModuleError): TxOutcome => failed(e, 0n, 0n, []);

function failed(e: unknown, gasWanted: bigint, gasUsed: bigint, events: readonly Event[], prefix = ""): TxOutcome {
  const known = e instanceof ModuleError;
  // Code 1 of codespace `undefined` is the SDK's for an error without a code; its text may name internals, so it is not told.
  const [code, codespace, log] = known ? [e.code, e.codespace, e.message] : [1, "undefined", "internal error"];
  return { code, codespace, log: prefix + log, data: NO_DATA, gasWanted, gasUsed, events };
}
