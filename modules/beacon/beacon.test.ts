import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { World } from "#test/modules/world.js";
import blst from "@chainsafe/blst";
import { QueryBeaconRequest, QueryBeaconResponse, Validator } from "#proto/gen/pouw.js";
import { beaconGenesis, nextBeacon } from "#protocol/draws/beacon.js";
import { possessionMessage, proposerKeyAt } from "./keys.js";
import { toHex } from "#kernel/bytes.js";

const pair = (fill: number) => {
  const secret = blst.SecretKey.fromKeygen(new Uint8Array(32).fill(fill));
  const key = secret.toPublicKey().toBytes(true);
  return { key, proof: secret.sign(possessionMessage(nodeCrypto, key)).toBytes(true), secret };
};

test("each block's beacon hashes the one before, the height and the proposer's signature", (t) => {
  const w = new World();
  const first = w.beacon.keeper.latest(w.ctx()).value;
  t.is(toHex(first), toHex(beaconGenesis(nodeCrypto, { chainId: "test-1", genesisTimeNs: w.timeMs * 1_000_000n })));
  w.block();
  const want = nextBeacon(nodeCrypto, { previous: first, height: 11n, signature: w.ctx().block.beaconSignature });
  t.deepEqual(w.beacon.keeper.at(w.ctx(), 11n), want);
  t.deepEqual(w.query("Beacon", QueryBeaconRequest, QueryBeaconResponse, { height: 0n }), { height: 11n, beacon: want });
});

test("a block whose signature failed still moves the beacon, with no bytes for the signature", (t) => {
  const w = new World();
  const previous = w.beacon.keeper.latest(w.ctx()).value;
  w.height++;
  const ctx = w.ctx();
  const failed = { ...ctx, block: { ...ctx.block, beaconSignature: new Uint8Array(0) } };
  w.beacon.module.beginBlock?.(failed);
  t.deepEqual(w.beacon.keeper.at(ctx, 11n), nextBeacon(nodeCrypto, { previous, height: 11n, signature: new Uint8Array(0) }));
});

test("old beacons are pruned, those that a draw or claim may need stay", (t) => {
  const w = new World();
  w.blocks(200);
  t.is(w.beacon.keeper.at(w.ctx(), 11n), undefined);
  t.truthy(w.beacon.keeper.at(w.ctx(), w.height - 100n));
});

test("a validator's new beacon key is effective two blocks on and replaces the old one", (t) => {
  const w = new World();
  const { key, proof } = pair(1);
  w.block((x) => x.send("MsgRegisterBeaconKey", { validator: "operator0", key, proof }));
  const v = () => w.validators[0] as Validator;
  t.is(proposerKeyAt(v(), w.height + 1n), undefined);
  t.deepEqual(proposerKeyAt(v(), w.height + 2n), key);
  w.blocks(2);
  t.deepEqual([v().beaconKey, v().beaconProof, v().nextBeaconKey.length], [key, proof, 0]);
});

test("a beacon key without proof, of another validator or from a stranger is refused by its own code", (t) => {
  const w = new World();
  const a = pair(1);
  const b = pair(2);
  const register = (validator: string, key: Uint8Array, proof: Uint8Array) => w.refusal("MsgRegisterBeaconKey", { validator, key, proof });
  t.is(register("stranger", a.key, a.proof), "beacon/2");
  t.is(register("operator0", a.key.subarray(1), a.proof), "beacon/3");
  t.is(register("operator0", a.key, b.proof), "beacon/4");
  t.is(register("operator0", a.key, a.proof), undefined);
  t.is(register("operator1", a.key, a.proof), "beacon/5");
});
