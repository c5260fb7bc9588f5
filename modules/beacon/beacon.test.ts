import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY, toHex } from "#kernel/bytes.js";
import { BeaconQuery } from "#proto/gen/pouw/beacon/v1/query.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { beaconGenesis, nextBeacon } from "#protocol/draws/beacon.js";
import { CHAIN_ID, TestChain } from "#test/chain/chain.js";
import { beaconSignerOf, possessionProof } from "#test/chain/keys.js";

const chain = (): TestChain => new TestChain({ crypto: nodeCrypto, initialHeight: 11n });

const pair = (name: string) => {
  const signer = beaconSignerOf(nodeCrypto, name);
  return { key: signer.key, proof: possessionProof(nodeCrypto, signer) };
};

test("each block's beacon hashes the one before, the height and the proposer's signature", (t) => {
  const c = chain();
  const first = c.k.beacon.latest(c.ctx).value;
  t.is(toHex(first), toHex(beaconGenesis(nodeCrypto, { chainId: CHAIN_ID, genesisTimeNs: c.timeMs * 1_000_000n })));
  c.block();
  const want = nextBeacon(nodeCrypto, { previous: first, height: 11n, signature: c.ctx.block.beaconSignature });
  t.deepEqual(c.k.beacon.at(c.ctx, 11n), want);
  t.deepEqual(c.query(BeaconQuery.methods.beacon, { height: 0n }), { height: 11n, beacon: want });
});

test("a block whose signature failed still moves the beacon, with no bytes for the signature", (t) => {
  const c = chain();
  const previous = c.k.beacon.latest(c.ctx).value;
  c.block(undefined, {}, { beaconSignature: EMPTY });
  t.deepEqual(c.k.beacon.at(c.ctx, 11n), nextBeacon(nodeCrypto, { previous, height: 11n, signature: EMPTY }));
  t.is(c.of("beacon").at(-1)?.signed, "false");
});

test("old beacons are pruned, those that a draw or claim may need stay", (t) => {
  const c = chain();
  const { drawDelay, claimWindow, verdictWindow } = c.k.work.params(c.ctx);
  const keep = drawDelay + claimWindow + 2n * verdictWindow + 100n;
  c.blocks(keep + 10n);
  t.is(c.k.beacon.at(c.ctx, c.height - keep), undefined);
  t.truthy(c.k.beacon.at(c.ctx, c.height - keep + 1n));
});

test("a validator's new beacon key is effective two blocks on and replaces the old one", (t) => {
  const c = chain();
  const validator = c.address("operator0");
  const old = c.validators[0]?.beacon.key as Uint8Array;
  const { key, proof } = pair("new");
  c.block(() => c.must(MsgRegisterBeaconKey, { validator, key, proof }));
  const signs = (height: bigint) => c.k.beacon.proposerKey(c.ctx, validator, height);
  const record = () => c.query(BeaconQuery.methods.keys, {}).keys.find((k) => k.validator === validator);
  t.deepEqual(signs(c.height + 1n), old);
  t.deepEqual(signs(c.height + 2n), key);
  t.deepEqual(record()?.next, { key, proof, height: c.height + 2n });
  c.block();
  t.deepEqual(record()?.key, old);
  c.block();
  t.deepEqual(record(), { validator, key, proof });
  t.deepEqual(c.of("beacon_key_effective"), [{ validator, key: toHex(key) }]);
  t.deepEqual(c.of("validator_power"), [], "its power counts all the while");
});

test("a beacon key without proof, of another validator or from a stranger is refused by its own code", (t) => {
  const c = chain();
  const a = pair("a");
  const b = pair("b");
  const register = (name: string, key: Uint8Array, proof: Uint8Array) => c.send(MsgRegisterBeaconKey, { validator: c.address(name), key, proof });
  c.block(() => {
    t.is(register("stranger", a.key, a.proof), "beacon/2");
    t.is(register("operator0", a.key.subarray(1), a.proof), "beacon/3");
    t.is(register("operator0", a.key, b.proof), "beacon/4");
    t.is(register("operator0", a.key, a.proof), undefined);
    t.is(register("operator1", a.key, a.proof), "beacon/5");
  });
});
