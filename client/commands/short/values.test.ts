import test from "ava";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAddresses } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { StakingQuery } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { Keyring } from "../../keys/keyring.js";
import { newMnemonic } from "../../keys/secret.js";
import { withAddresses } from "./values.js";

const home = mkdtempSync(join(tmpdir(), "pouwd-values-"));
test.after.always(() => rmSync(home, { recursive: true, force: true }));
const keyring = new Keyring(home, "test");
const addresses = makeAddresses("pouw", nodeCrypto);
/** who reads names needs the chain's addresses alone */
const where = { context: { keyring }, chain: { addresses } } as unknown as Parameters<typeof withAddresses>[2];

test.serial("a key's name is its address in every field that holds one, and its operator in a validator's", async (t) => {
  const address = await keyring.add("me", newMnemonic(), "pouw");
  const operator = addresses.operator.format(addresses.parse(address));
  const { redelegations } = StakingQuery.methods;
  t.deepEqual(await withAddresses(redelegations.request, { delegatorAddr: "me", srcValidatorAddr: "me", dstValidatorAddr: "" }, where), { delegatorAddr: address, srcValidatorAddr: operator, dstValidatorAddr: "" });
  t.deepEqual(await withAddresses(AuthQuery.methods.account.request, { address }, where), { address });
  t.deepEqual(await withAddresses(redelegations.request, { delegatorAddr: address, srcValidatorAddr: operator }, where), { delegatorAddr: address, srcValidatorAddr: operator });
  t.deepEqual(await withAddresses(AuthQuery.methods.addressStringToBytes.request, { addressString: "me" }, where), { addressString: "me" }, "a text that is to be read");
});

test.serial("a name that is no key and no address is told with the names there are", async (t) => {
  const ask = (address: string) => withAddresses(AuthQuery.methods.account.request, { address }, where);
  await t.throwsAsync(ask("you"), { message: "no key you here; there are me. Give the name of one, or an address." });
  t.deepEqual(await ask("pouw1abc"), { address: "pouw1abc" }, "the chain says what is wrong with it");
});
