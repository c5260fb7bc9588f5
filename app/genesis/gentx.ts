/** A genesis transaction, made and signed: a validator with its first stake and its beacon key. */
import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { encodePubkey, makeSignDoc, type OfflineDirectSigner } from "@cosmjs/proto-signing";
import { type Addresses } from "#kernel/address.js";
import { SignMode } from "#proto/gen/cosmos/tx/signing/v1beta1/signing.js";
import { MsgCreateValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { AuthInfo, Fee, TxBody } from "#proto/gen/cosmos/tx/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { type HomeFacts } from "../init.js";
import { createValidator, registerBeaconKey, type ValidatorTerms } from "../validator.js";
import { genTxJson } from "./gentxs.js";

/** As the Cosmos SDK's command line sets it; nothing is charged before the first block. */
const GAS = 200_000n;

export interface GenTxOptions {
  readonly chainId: string;
  readonly addresses: Addresses;
  readonly keys: HomeFacts;
  readonly terms: ValidatorTerms;
  /** HOST:PORT where other nodes reach the validator's own */
  readonly reachedAt: string;
}

/** Its JSON, as it stands in a file and in app_state.genutil.gen_txs. */
export async function makeGenTx({ chainId, addresses, keys, terms, reachedAt }: GenTxOptions, signer: OfflineDirectSigner): Promise<unknown> {
  const [account] = await signer.getAccounts();
  if (!account) throw new Error("the signer has no account");
  const { address, pubkey } = account;
  const create = createValidator(addresses, address, keys.consensusKey, terms);
  const register = registerBeaconKey(address, keys.beaconKey, keys.beaconProof);
  const body = TxBody.create({
    messages: [
      { typeUrl: MsgCreateValidator.typeUrl, value: MsgCreateValidator.encode(create) },
      { typeUrl: MsgRegisterBeaconKey.typeUrl, value: MsgRegisterBeaconKey.encode(register) },
    ],
    memo: `${keys.nodeId}@${reachedAt}`,
  });
  const authInfo = AuthInfo.create({
    signerInfos: [{ publicKey: encodePubkey(encodeSecp256k1Pubkey(pubkey)), modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } }, sequence: 0n }],
    fee: Fee.create({ gasLimit: GAS }),
  });
  const { signature } = await signer.signDirect(address, makeSignDoc(TxBody.encode(body), AuthInfo.encode(authInfo), chainId, 0));
  return genTxJson({ body, authInfo, signatures: [Uint8Array.from(Buffer.from(signature.signature, "base64"))] });
}
