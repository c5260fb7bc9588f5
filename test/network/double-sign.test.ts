/**
 * A validator signs two votes of one height and round: whoever saw both hands them to a node, the stock engine checks them and puts
 * them in a block, and the chain slashes a twentieth and never lets that validator in again. The others go on.
 */
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import protobuf from "protobufjs";
import { makeAddresses, operatorText } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { SlashingQuery } from "#proto/gen/cosmos/slashing/v1beta1/query.js";
import { MsgUnjail } from "#proto/gen/cosmos/slashing/v1beta1/tx.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { heightOf, rpc, until } from "#testnet/rpc.js";
import { testNetwork } from "./network.js";
import { message, sender } from "./sender.js";

const PREVOTE = 1;
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

interface SignedVote {
  readonly hash: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A prevote for a block that nobody proposed, signed over CometBFT's CanonicalVote. `index`: the validator's in its set. */
function prevote(home: string, chainId: string, height: number, index: number, block: string): SignedVote {
  const { address, priv_key } = JSON.parse(readFileSync(join(home, "config", "priv_validator_key.json"), "utf8")) as { address: string; priv_key: { value: string } };
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, Buffer.from(priv_key.value, "base64").subarray(0, 32)]), format: "der", type: "pkcs8" });
  const hash = Buffer.from(nodeCrypto.sha256(new TextEncoder().encode(block)));
  const seconds = Math.floor(Date.now() / 1000);
  const w = protobuf.Writer.create();
  w.uint32(8).uint32(PREVOTE).uint32(17).sfixed64(height);
  w.uint32(34).fork().uint32(10).bytes(hash).uint32(18).fork().uint32(8).uint32(1).uint32(18).bytes(hash).ldelim().ldelim();
  w.uint32(42).fork().uint32(8).int64(seconds).ldelim();
  w.uint32(50).string(chainId);
  const body = w.finish();
  const signature = sign(null, Buffer.concat([protobuf.Writer.create().uint32(body.length).finish(), body]), key);
  const part = hash.toString("hex").toUpperCase();
  return {
    hash,
    json: { type: PREVOTE, height: `${height}`, round: 0, block_id: { hash: part, parts: { total: 1, hash: part } }, timestamp: new Date(seconds * 1000).toISOString(), validator_address: address, validator_index: index, signature: signature.toString("base64") },
  };
}

test("a double signer is slashed, tombstoned and never unjailed, by evidence that anybody hands in; the chain goes on", async (t) => {
  t.timeout(5 * 60_000);
  const network = await testNetwork({ validators: 4, miners: 0, supervisors: 0, evaluators: 0, blockTime: 500 });
  try {
    const { validators, prefix, chainId } = network.facts();
    const home = validators[3]?.home ?? "";
    const owner = await sender(network, "validator3");
    const validatorAddr = operatorText(owner.chain, owner.address);
    const tokens = async (): Promise<bigint> => BigInt((await owner.chain.query(StakingQuery.methods.validator, { validatorAddr })).value.validator?.tokens ?? "0");
    const before = await tokens();
    t.true(before > 0n);

    const height = await until("some blocks", 60_000, async () => {
      const now = await heightOf(network.rpc);
      return now >= 3 ? now - 1 : undefined;
    });
    const { validators: set } = await rpc<{ validators: { address: string; voting_power: string }[] }>(network.rpc, `/validators?height=${height}`);
    const { address } = JSON.parse(readFileSync(join(home, "config", "priv_validator_key.json"), "utf8")) as { address: string };
    const index = set.findIndex((v) => v.address === address);
    const { block } = await rpc<{ block: { header: { time: string } } }>(network.rpc, `/block?height=${height}`);
    const votes = ["one block", "another"].map((name) => prevote(home, chainId, height, index, name)).sort((a, b) => Buffer.compare(a.hash, b.hash));
    const total = set.reduce((sum, v) => sum + BigInt(v.voting_power), 0n);
    const evidence = { type: "tendermint/DuplicateVoteEvidence", value: { vote_a: votes[0]?.json, vote_b: votes[1]?.json, TotalVotingPower: `${total}`, ValidatorPower: set[index]?.voting_power, Timestamp: block.header.time } };
    const response = await fetch(network.rpc, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "broadcast_evidence", params: { evidence } }) });
    const answer = (await response.json()) as { result?: { hash: string }; error?: { data?: string } };
    t.truthy(answer.result, answer.error?.data);

    const consAddress = makeAddresses(prefix, nodeCrypto).consensus.format(Uint8Array.from(Buffer.from(address, "hex")));
    await until("the double signer to be tombstoned", 60_000, async () => {
      const { value } = await owner.chain.query(SlashingQuery.methods.signingInfo, { consAddress });
      return value.valSigningInfo?.tombstoned ? true : undefined;
    });
    t.is(await tokens(), before - before / 20n, "a twentieth");
    t.true((await owner.chain.query(StakingQuery.methods.validator, { validatorAddr })).value.validator?.jailed);
    const refused = await owner.send(message(MsgUnjail, { validatorAddr }));
    t.regex(`${refused.codespace}/${refused.code} ${refused.log}`, /^slashing\/4 .*cannot be unjailed/);

    await until("three to make blocks", 60_000, async () => {
      const now = await rpc<{ validators: { address: string }[] }>(network.rpc, "/validators");
      return now.validators.length === 3 && !now.validators.some((v) => v.address === address) ? true : undefined;
    });
    const from = await heightOf(network.rpc);
    await until("the chain to go on", 60_000, async () => ((await heightOf(network.rpc)) > from + 3 ? true : undefined));
    const { response: found } = await rpc<{ response: { value: string } }>(network.rpc, '/abci_query?path="/app/invariants"');
    t.deepEqual((JSON.parse(Buffer.from(found.value, "base64").toString()) as { broken: unknown[] }).broken, []);
  } finally {
    await network.down();
  }
});
