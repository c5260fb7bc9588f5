/**
 * Transactions of a genesis, in app_state.genutil.gen_txs as x/genutil of the Cosmos SDK has them: each makes a validator of
 * this chain, and registers the beacon key without which it could not sign. They are executed when every module has read its
 * part, signed with sequence 0 and account number 0.
 */
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { accountOfOperator } from "#kernel/address.js";
import { MsgCreateValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { AuthInfo, Tx, TxBody } from "#proto/gen/cosmos/tx/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { codecs } from "#proto/gen/registry.js";
import { anyTypes, fromJson, toJson } from "#proto/json.js";
import { type AppContext } from "../tx/context.js";
import { decodeTx } from "../tx/decode.js";
import { executeTx, type Execution } from "../tx/execute.js";

const TYPES = anyTypes(...codecs);
const AGAIN = "Make it anew: pouwd genesis gentx";

export interface GenTx {
  /** as it would stand in a block */
  readonly bytes: Uint8Array;
  /** bech32 account of the validator's operator */
  readonly operator: string;
  readonly moniker: string;
  /** ID@HOST:PORT of the validator's node */
  readonly memo: string;
}

export const genTxJson = (tx: Tx): unknown => toJson(Tx, tx, TYPES);

/** Where the transaction of an index stands. */
export type PlaceOf = (index: number) => string;
export const inGenesis: PlaceOf = (i) => `app_state.genutil.gen_txs[${i}]`;

/** Reads app_state.genutil. Throws one line that names the transaction. */
export function genTxsOf(genutil: unknown): readonly unknown[] {
  if (genutil === undefined || genutil === null) return [];
  if (typeof genutil !== "object" || Array.isArray(genutil)) throw new Error("app_state.genutil: want an object with gen_txs");
  const { gen_txs: list = [], ...others } = genutil as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Error(`app_state.genutil.${other}: there is no such field; there are gen_txs`);
  if (!Array.isArray(list)) throw new Error("app_state.genutil.gen_txs: want a list of transactions");
  return list as unknown[];
}

/** A transaction from its JSON. Throws one line on what it should be, which begins with its place. */
export function readGenTx(json: unknown, { router }: Pick<Execution, "router">, place: string): GenTx {
  try {
    const tx = fromJson(Tx, json, "", TYPES);
    const bytes = TxRaw.encode({ bodyBytes: TxBody.encode(tx.body ?? TxBody.create()), authInfoBytes: AuthInfo.encode(tx.authInfo ?? AuthInfo.create()), signatures: tx.signatures }).finish();
    const { messages, signers, body } = decodeTx(bytes, router);
    const names = messages.map((m) => m.handler.typeUrl);
    if (names.length !== 2 || names[0] !== MsgCreateValidator.typeUrl || names[1] !== MsgRegisterBeaconKey.typeUrl) {
      throw new Error(`got ${names.map((n) => n.slice(1)).join(", ")}, want ${MsgCreateValidator.typeUrl.slice(1)} and then ${MsgRegisterBeaconKey.typeUrl.slice(1)}: a validator without a beacon key signs nothing`);
    }
    const [created] = messages.map((m) => m.value) as [MsgCreateValidator];
    const operator = accountOfOperator(created.validatorAddress);
    if (signers.length !== 1 || signers[0] !== operator) throw new Error(`it is signed by ${signers.join(" and ")}, want the operator of both messages alone`);
    return { bytes, operator, moniker: created.description?.moniker ?? "", memo: body.memo };
  } catch (e) {
    throw new Error(`${place}: ${(e as Error).message}. ${AGAIN}`, { cause: e });
  }
}

export interface GenTxPorts {
  readonly execution: Execution;
  readonly beacon: { atOnce(ctx: AppContext, operator: string): void };
}

/** Executes them all; beacon keys are effective at once. Throws one line for the first that fails. */
export function runGenTxs(ctx: AppContext, list: readonly unknown[], { execution, beacon }: GenTxPorts, place: PlaceOf): void {
  for (const [i, json] of list.entries()) {
    const tx = readGenTx(json, execution, place(i));
    let unexpected: string | undefined;
    const { code, codespace, log } = executeTx(ctx, tx.bytes, "genesis", { router: execution.router, deps: execution.deps, unexpected: (e) => (unexpected = (e as Error).message) });
    if (code !== 0) throw new Error(`${place(i)}, of ${JSON.stringify(tx.moniker)}: ${unexpected ?? log.replace(/^failed to execute message; message index: \d+: /, "")}. ${remedy(`${codespace}/${code}`, ctx.block.chainId)}`);
    beacon.atOnce(ctx, tx.operator);
  }
}

/** What to do about the refusals that people meet. */
function remedy(code: string, chainId: string): string {
  switch (code) {
    case "sdk/4":
    case "sdk/32":
      return `It has to be signed for the chain ${chainId}, with account number 0 and sequence 0, and not be changed afterwards. ${AGAIN}`;
    case "sdk/5":
    case "sdk/9":
      return "Its stake comes from the operator's balance in the genesis: pouwd genesis add-account";
    case "staking/4":
    case "staking/5":
    case "beacon/5":
      return "Two validators cannot share it: leave one of them out, or make one of them anew";
    default:
      return AGAIN;
  }
}
