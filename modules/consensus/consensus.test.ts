import test from "ava";
import { AUTHORITY } from "#kernel/authority.js";
import { nodeCrypto } from "#platform/crypto.js";
import { ConsensusQuery } from "#proto/gen/cosmos/consensus/v1/query.js";
import { MsgUpdateParams } from "#proto/gen/cosmos/consensus/v1/tx.js";
import { MsgUpdateParams as MsgUpdateStaking } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { largestBlockData, mostValidators, roomFault } from "#protocol/block-room.js";
import { TestChain } from "#test/chain/chain.js";

const chain = (): TestChain => new TestChain({ crypto: nodeCrypto, powers: [10n, 10n] });
const gov = (c: TestChain): string => c.environment.addresses.module(AUTHORITY);
const now = (c: TestChain) => c.k.consensus.params(c.ctx);

/** What the chain is set to, with a change, as governance sends it. */
function update(c: TestChain, change: Partial<MsgUpdateParams> = {}): string {
  const { block, evidence, validator } = now(c);
  const done = c.deliver(MsgUpdateParams, { authority: gov(c), block, evidence, validator, ...change });
  return "code" in done ? `${done.codespace}/${done.code} ${done.log}` : "done";
}

test("governance sets what the engine is set to, the query answers it, the event is the SDK's", (t) => {
  const c = chain();
  t.like(c.query(ConsensusQuery.methods.params).params, { block: { maxBytes: 22_020_096n, maxGas: -1n }, validator: { pubKeyTypes: ["ed25519"] } });
  c.block(() => {
    t.regex(update(c, { authority: c.address("anybody") }), /^gov\/13 invalid authority; expected pouw1\w+, got pouw1\w+: expected gov account/);
    t.is(update(c, { block: { maxBytes: 1_000_000n, maxGas: 70_000_000n }, evidence: { maxAgeNumBlocks: 5n, maxAgeDuration: { seconds: 9n, nanos: 1 }, maxBytes: 0n }, abci: { voteExtensionsEnableHeight: 1n } }), "done");
  });
  t.deepEqual(c.query(ConsensusQuery.methods.params).params, {
    block: { maxBytes: 1_000_000n, maxGas: 70_000_000n },
    evidence: { maxAgeNumBlocks: 5n, maxAgeDuration: { seconds: 9n, nanos: 1 }, maxBytes: 0n },
    validator: { pubKeyTypes: ["ed25519"] },
    version: { app: 0n },
    abci: { voteExtensionsEnableHeight: 1n },
  });
  t.deepEqual(c.of("update_consensus_params"), [
    {
      authority: gov(c),
      parameters: 'block:<max_bytes:1000000 max_gas:70000000 > evidence:<max_age_num_blocks:5 max_age_duration:<seconds:9 nanos:1 > > validator:<pub_key_types:"ed25519" > version:<> abci:<vote_extensions_enable_height:1 > ',
    },
  ]);
});

test("what the engine or this chain cannot run with is refused in one line", (t) => {
  const c = chain();
  const { block, evidence, validator } = now(c) as Required<ReturnType<typeof now>>;
  if (!block || !evidence || !validator) return t.fail();
  const refused = (change: Partial<MsgUpdateParams>, line: RegExp): void => void t.regex(update(c, change), line);
  c.block(() => {
    refused({ evidence: undefined }, /^sdk\/18 all parameters must be present: invalid request$/);
    for (const maxBytes of [0n, -2n, 104_857_601n]) refused({ block: { ...block, maxBytes } }, /^sdk\/18 block\.max_bytes: got -?\d+, want 1 to 104857600, or -1 for that/);
    for (const maxGas of [0n, -2n, 1n, 49_999_999n]) refused({ block: { ...block, maxGas } }, /^sdk\/18 block\.max_gas: got/);
    refused({ evidence: { ...evidence, maxAgeNumBlocks: 0n } }, /evidence\.max_age_num_blocks: got 0/);
    for (const maxAgeDuration of [undefined, { seconds: 0n, nanos: 0 }, { seconds: -1n, nanos: 0 }, { seconds: 1n << 62n, nanos: 0 }]) refused({ evidence: { ...evidence, maxAgeDuration } }, /evidence\.max_age_duration: got/);
    refused({ evidence: { ...evidence, maxBytes: -1n } }, /evidence\.max_bytes: got -1, want at least 0/);
    refused({ evidence: { ...evidence, maxBytes: block.maxBytes } }, /evidence\.max_bytes: got \d+, want at most \d+: what a block of \d+ bytes has beside/);
    for (const pubKeyTypes of [[], ["secp256k1"], ["ed25519", "secp256k1"], ["ed25519", "ed25519"]]) refused({ validator: { pubKeyTypes } }, /validator\.pub_key_types: got .*, want \["ed25519"\]/);
    for (const height of [0n, 2n, 100n, -1n]) refused({ abci: { voteExtensionsEnableHeight: height } }, /abci\.vote_extensions_enable_height: got -?\d+, want 1 as it is/);
    t.is(update(c, { block: { maxBytes: -1n, maxGas: -1n } }), "done");
  });
});

test("blocks keep room for transaction 0 of as many validators as staking allows, and staking allows no more than blocks have room for", (t) => {
  const c = chain();
  const least = 2n * largestBlockData(100);
  const blockOf = (maxBytes: bigint) => ({ block: { maxBytes, maxGas: -1n }, evidence: { maxAgeNumBlocks: 5n, maxAgeDuration: { seconds: 9n, nanos: 0 }, maxBytes: 0n } });
  const allow = (maxValidators: number, change = {}) => {
    const done = c.deliver(MsgUpdateStaking, { authority: gov(c), params: { ...c.k.staking.params(c.ctx), maxValidators, ...change } });
    return "code" in done ? done.log : "done";
  };
  c.block(() => {
    t.regex(update(c, blockOf(least - 1n)), new RegExp(`block.max_bytes: got ${least - 1n}, want at least ${least}: twice the largest transaction 0 of 100 validators`));
    t.is(update(c, blockOf(least)), "done");
    t.regex(allow(101), /^params\.max_validators: got 101, want at most 100, or block\.max_bytes of the module consensus raised first/);
    t.is(allow(0xffff_ffff).slice(0, 47), "params.max_validators: got 4294967295, want at ");
    t.is(allow(100), "done");
    t.is(allow(1), "done");
    t.regex(allow(1, { bondDenom: "other" }), /^params\.bond_denom: got other, want upouw as it is/);
    t.regex(allow(1, { unbondingTime: { seconds: 1n << 62n, nanos: 0 } }), /^params\.unbonding_time: got \d+ nanoseconds, want at most/);
    t.regex(update(c, blockOf(2n * largestBlockData(1))), /of 2 validators/, "both sign still");
  });
  t.is(c.k.staking.members(c.ctx).length, 1);
  c.block(() => t.regex(update(c, blockOf(2n * largestBlockData(1))), /of 2 validators/, "the last commit has two votes"));
  const alone = c.validators.slice(0, 1).map((v) => ({ validator: v.address, power: v.power, flag: "commit" as const }));
  c.block(() => t.is(update(c, blockOf(2n * largestBlockData(1))), "done"), {}, { lastCommit: { round: 0, votes: alone } });
});

test("room is counted in closed form", (t) => {
  for (const n of [0, 1, 2, 99, 100, 5_000]) {
    const size = { maxBytes: 2n * largestBlockData(n), evidenceBytes: 0n };
    t.true(n === 0 || roomFault(size, n) === undefined);
    t.true(roomFault(size, n + 1) !== undefined);
    if (n > 0) t.is(mostValidators(size), n);
  }
  t.is(mostValidators({ maxBytes: 1n, evidenceBytes: 0n }), 0);
});
