import test from "ava";
import { makeEnvironment } from "#kernel/environment.js";
import { ModuleError } from "#kernel/errors.js";
import { nodeCrypto } from "#platform/crypto.js";
import { LegacyAminoPubKey } from "#proto/gen/cosmos/crypto/multisig/keys.js";
import { PubKey } from "#proto/gen/cosmos/crypto/secp256k1/keys.js";
import { Account } from "#test/chain/shaped-tx.js";
import { addressOfKey, keyCount } from "./pubkey.js";

const environment = makeEnvironment(nodeCrypto, "pouw");

test("a multisig's members are plain keys: no other bytes have its address, so nobody who passes it on can put another in", async (t) => {
  const accounts = await Promise.all(["a", "b", "c"].map((name) => Account.of(name)));
  const keyWith = (types: readonly string[], change: (value: Uint8Array) => Uint8Array = (v) => v) => ({
    typeUrl: LegacyAminoPubKey.typeUrl,
    value: LegacyAminoPubKey.encode({ threshold: 2, publicKeys: accounts.map((a, i) => ({ typeUrl: types[i] as string, value: i === 2 ? change(PubKey.encode({ key: a.key })) : PubKey.encode({ key: a.key }) })) }),
  });
  const plain = PubKey.typeUrl;
  const address = addressOfKey(environment, keyWith([plain, plain, plain]));
  t.regex(address, /^pouw1/);
  const refusal = (key: ReturnType<typeof keyWith>): string => {
    const e = t.throws(() => addressOfKey(environment, key), { instanceOf: ModuleError }) as ModuleError;
    return `${e.codespace}/${e.code}: ${e.message}`;
  };
  t.regex(refusal(keyWith([plain, plain, "/stranger.was.here"])), /^sdk\/8: member of a multisig key of type "\/stranger\.was\.here", want \/cosmos\.crypto\.secp256k1\.PubKey/);
  t.regex(refusal(keyWith([plain, plain, LegacyAminoPubKey.typeUrl])), /^sdk\/8: /);
  // an unknown field behind the key, and the key once more
  t.regex(refusal(keyWith([plain, plain, plain], (v) => Uint8Array.of(...v, 0x12, 0x00))), /^sdk\/8: .*not canonical/);
  t.regex(refusal(keyWith([plain, plain, plain], (v) => Uint8Array.of(...v, ...v))), /^sdk\/8: .*not canonical/);
  t.throws(() => keyCount(keyWith(["/stranger.was.here", plain, plain])), { message: /want \/cosmos/ });
});
