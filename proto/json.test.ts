import test from "ava";
import { BaseAccount } from "./gen/cosmos/auth/v1beta1/auth.js";
import { LegacyAminoPubKey } from "./gen/cosmos/crypto/multisig/keys.js";
import { PubKey } from "./gen/cosmos/crypto/secp256k1/keys.js";
import { Params as Supervision } from "./gen/pouw/supervision/v1/types.js";
import { BeaconKey } from "./gen/pouw/beacon/v1/types.js";
import { Params as Work } from "./gen/pouw/work/v1/types.js";
import { anyTypes, base64, fromJson, toJson } from "./json.js";
import { type Codec } from "./wire.js";

const thrown = (run: () => unknown): string => {
  try {
    run();
    return "accepted";
  } catch (e) {
    return (e as Error).message;
  }
};
const refusal = (json: object): string => thrown(() => fromJson<unknown>("reward0" in json ? Work : Supervision, json, "params"));

test("integers outside their type are refused, not stored as another number", (t) => {
  t.is(refusal({ slash_stall: -5 }), "params.slash_stall: got -5, want a whole number from 0 to 4294967295");
  t.is(refusal({ slash_stall: 4_294_967_296 }), "params.slash_stall: got 4294967296, want a whole number from 0 to 4294967295");
  t.is(refusal({ slash_stall: 0.5 }), "params.slash_stall: got 0.5, want a whole number from 0 to 4294967295");
  t.is(refusal({ slash_stall: [5] }), "params.slash_stall: got [5], want a whole number from 0 to 4294967295");
  t.is(refusal({ reward0: "18446744073709551616" }), `params.reward0: got "18446744073709551616", want a whole number from 0 to 18446744073709551615`);
  t.is(refusal({ reward0: -1 }), "params.reward0: got -1, want a whole number from 0 to 18446744073709551615");
  t.is(refusal({ reward0: 2 ** 53 }), "params.reward0: got 9007199254740992, want a whole number from 0 to 18446744073709551615");
  t.like(fromJson(Supervision, { slash_stall: "7" }), { slashStall: 7 });
  t.like(fromJson(Work, { reward0: "18446744073709551615" }), { reward0: (1n << 64n) - 1n });
});

test("what toJson writes fromJson reads", (t) => {
  const k = BeaconKey.create({ validator: "x", key: Uint8Array.of(1, 2, 3), next: { key: Uint8Array.of(4), proof: Uint8Array.of(), height: 10n } });
  t.deepEqual(fromJson(BeaconKey, toJson(BeaconKey, k)), k);
});

test("an Any has its type and the fields of that type where types are given, and its bytes where they are not", (t) => {
  const keys = [Uint8Array.of(1), Uint8Array.of(2)].map((key) => ({ typeUrl: PubKey.typeUrl, value: PubKey.encode({ key }) }));
  const pubKey = { typeUrl: LegacyAminoPubKey.typeUrl, value: LegacyAminoPubKey.encode({ threshold: 1, publicKeys: keys }) };
  const account = BaseAccount.create({ address: "a", pubKey, accountNumber: 3n });
  const types = anyTypes(PubKey as Codec<unknown>, LegacyAminoPubKey as Codec<unknown>);
  const json = toJson(BaseAccount, account, types);
  t.deepEqual(json, {
    address: "a",
    pub_key: { "@type": LegacyAminoPubKey.typeUrl, threshold: 1, public_keys: [{ "@type": PubKey.typeUrl, key: "AQ==" }, { "@type": PubKey.typeUrl, key: "Ag==" }] },
    account_number: "3",
    sequence: "0",
  });
  t.deepEqual(fromJson(BaseAccount, json, "", types), account);
  t.deepEqual(fromJson(BaseAccount, { address: "a", pub_key: null }, "", types), BaseAccount.create({ address: "a" }));
  const bytes = toJson(BaseAccount, account) as { pub_key: unknown };
  t.deepEqual(bytes.pub_key, { type_url: pubKey.typeUrl, value: base64(pubKey.value) });
  t.deepEqual(fromJson(BaseAccount, bytes), account);

  const want = `want ${PubKey.typeUrl} or ${LegacyAminoPubKey.typeUrl}`;
  const refused = (pub_key: unknown): string => thrown(() => fromJson(BaseAccount, { pub_key }, "at", types));
  t.is(refused({ "@type": "/x" }), `at.pub_key: got @type "/x", ${want}`);
  t.is(refused({ "@type": 5 }), `at.pub_key: got @type 5, ${want}`);
  t.is(refused({ key: "AQ==" }), `at.pub_key: got no @type, ${want}`);
  t.is(refused("AQ=="), `at.pub_key: got "AQ==", want an object`);
  t.is(refused({ "@type": PubKey.typeUrl, kay: "AQ==" }), "at.pub_key.kay: there is no such field; there are key");
  t.is(refused({ "@type": LegacyAminoPubKey.typeUrl, public_keys: [{ "@type": "/x" }] }), `at.pub_key.public_keys[0]: got @type "/x", ${want}`);
  t.is(thrown(() => toJson(BaseAccount, { ...account, pubKey: { typeUrl: "/x", value: new Uint8Array(0) } }, types)), `an Any holds "/x", ${want}`);
});
