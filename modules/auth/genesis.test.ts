import test from "ava";
import { definitions } from "#app/assemble.js";
import { createMultisigThresholdPubkey, encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { encodePubkey } from "@cosmjs/proto-signing";
import { nodeCrypto } from "#platform/crypto.js";
import { refusal, TestChain } from "#test/chain/chain.js";
import { address, environment } from "#test/chain/environment.js";
import { Account } from "#test/chain/shaped-tx.js";

const SECP = "/cosmos.crypto.secp256k1.PubKey";
const MULTISIG = "/cosmos.crypto.multisig.LegacyAminoPubKey";
const chain = (auth: unknown) => new TestChain({ crypto: nodeCrypto, parts: { auth } });
const start = (...accounts: unknown[]) => chain({ accounts });
const fault = (...accounts: unknown[]): string => refusal(() => start(...accounts)) ?? "accepted";

const DECLARED = definitions.flatMap((d) => d.accounts.map((a) => a.name));
const members = await Promise.all(["m0", "m1"].map((n) => Account.of(n)));
const secp = (key: Uint8Array) => ({ "@type": SECP, key: Buffer.from(key).toString("base64") });
const threshold = (n: number, keys: unknown[] = members.map((m) => secp(m.key))) => ({ "@type": MULTISIG, threshold: n, public_keys: keys });

test("a threshold key goes through genesis, and what is wrong with an account is named", (t) => {
  const key = encodePubkey(createMultisigThresholdPubkey(members.map((m) => encodeSecp256k1Pubkey(m.key)), 2, true));
  t.is(key.typeUrl, MULTISIG);
  const c = start({ address: address("multi"), pub_key: threshold(2) }, { address: address("x"), account_number: "7" });
  const multi = c.account(address("multi"));
  t.deepEqual(multi?.pubKey?.value, key.value);
  t.deepEqual([multi?.accountNumber, c.account(address("x"))?.accountNumber], [0n, 7n]);
  t.is(c.k.auth.ensure(c.ctx, address("next")).accountNumber, 8n + BigInt(DECLARED.length), "behind those of genesis and of the modules");
  t.regex(fault({ address: address("x"), account_number: -1 }), /accounts\[0\]\.account_number: got -1, want a whole number/);
  t.regex(fault({ address: address("x") }, { address: address("x") }), /pouw1\w+ stands there twice/);
  t.regex(fault({ address: address("x").toUpperCase() }), /^accepted$/);
  t.regex(fault({ address: address("x"), pub_key: { "@type": "/other" } }), /accounts\[0\]\.pub_key: got/);
});

test("keys that cannot sign here are refused by name", (t) => {
  const of = (pub_key: unknown): string => fault({ address: address("x"), pub_key });
  const at = "app_state.auth.accounts[0].pub_key";
  t.is(of({ "@type": SECP, key: "AQ==" }), `${at}.key: got 1 bytes, want 33`);
  t.is(of({ "@type": SECP }), `${at}.key: got 0 bytes, want 33`);
  t.is(of(threshold(3)), `${at}.threshold: got 3, want 1 to 2, the number of keys`);
  t.is(of(threshold(0)), `${at}.threshold: got 0, want 1 to 2, the number of keys`);
  t.is(of(threshold(1, [secp(new Uint8Array(32))])), `${at}.public_keys[0].key: got 32 bytes, want 33`);
  t.is(of(threshold(1, [threshold(1)])), `${at}.public_keys[0]: got a ${MULTISIG}, want a ${SECP}`);
  t.is(of({ "@type": "/cosmos.auth.v1beta1.BaseAccount" }), `${at}: got a /cosmos.auth.v1beta1.BaseAccount, want a ${SECP}, or a ${MULTISIG} of them`);
});

test("module accounts are the Cosmos SDK's, and agree with their modules", (t) => {
  const account = (name: string, permissions: string[], base: object = {}) => ({ "@type": "/cosmos.auth.v1beta1.ModuleAccount", base_account: { address: environment.addresses.module(name), ...base }, name, permissions });
  const c = start(account("work", ["minter", "burner"], { account_number: "9" }), account("tasks", ["burner"]), { address: environment.addresses.module("workers"), account_number: 3 });
  const numbers = ["work", "tasks", "workers", "fee_collector"].map((n) => c.account(environment.addresses.module(n))?.accountNumber);
  // those of genesis have theirs, of which that without one gets the first; all others come behind the highest
  t.deepEqual(numbers, [9n, 0n, 3n, 10n + BigInt(DECLARED.filter((n) => !["work", "tasks", "workers"].includes(n)).indexOf("fee_collector"))]);
  const { accounts } = c.exported().auth as { accounts: { name: string; permissions: string[] }[] };
  t.deepEqual(accounts.find((a) => a.name === "work"), { ...account("work", ["minter", "burner"], { pub_key: null, account_number: "9", sequence: "0" }) });

  const at = "app_state.auth.accounts[0]";
  t.is(fault(account("work", ["minter"])), `${at}.permissions: got ["minter"], want ["minter","burner"], as its module declares`);
  t.is(fault(account("tasks", [])), `${at}.permissions: got [], want ["burner"], as its module declares`);
  t.is(fault(account("nobody", [])), `${at}.name: no module declares the account "nobody"`);
  t.is(fault(account("tasks", ["burner"], { address: address("x") })), `${at}.base_account.address: got ${address("x")}, want ${environment.addresses.module("tasks")}, which is tasks's`);
  t.is(fault({ "@type": "/cosmos.auth.v1beta1.ModuleAccount", name: "tasks", permissions: ["burner"] }), `${at}.base_account: is missing`);
});

test("fields that are none, and lists that are none, are refused by their path", (t) => {
  const at = "app_state.auth.accounts[0]";
  t.is(fault({ address: address("x"), sequense: "1" }), `${at}.sequense: there is no such field; there are address, pub_key, account_number, sequence`);
  t.is(fault({ "@type": "/cosmos.vesting.v1beta1.ContinuousVestingAccount" }), `${at}.base_vesting_account: is missing`);
  t.regex(fault({ "@type": "/cosmos.group.v1.GroupPolicyInfo" }), /^app_state\.auth\.accounts\[0\]: got @type "\/cosmos\.group/);
  t.is(fault({ "@type": SECP }), `${at}: got a ${SECP}, want an account`);
  t.is(fault("x"), `${at}: got "x", want an object`);
  t.is(fault({}), `${at}.address: "" is not a bech32 address: invalid address`);
  t.is(fault({ address: address("x"), account_number: `${(1n << 64n) - 1n}` }), `${at}.account_number: got 18446744073709551615, want less than 4611686018427387904`);
  t.is(refusal(() => chain({ accounts: { address: "x" } })), 'app_state.auth.accounts: got {"address":"x"}, want a list');
  t.regex(refusal(() => chain({ acounts: [] })) ?? "", /^app_state\.auth\.acounts: there is no such field/);
  t.is(refusal(() => chain({})), undefined);
});

test("numbers that stand twice are given anew as the Cosmos SDK gives them, an upper-case address is that account's", (t) => {
  const numbered = (...list: [name: string, number: number][]) => {
    const c = start(...list.map(([name, n]) => ({ address: address(name), account_number: `${n}` })));
    return list.map(([name]) => c.account(address(name))?.accountNumber);
  };
  // As `add-genesis-account` leaves them: all 0.
  t.deepEqual(numbered(["a", 0], ["b", 0], ["c", 0]), [0n, 1n, 2n]);
  t.deepEqual(numbered(["a", 1], ["b", 5], ["c", 5], ["d", 1], ["e", 0]), [1n, 5n, 3n, 2n, 0n], "the second of the lower number first");
  const c = start({ address: address("a").toUpperCase(), account_number: "3" });
  t.is(c.account(address("a"))?.accountNumber, 3n);
  t.is(fault({ address: address("x") }, { address: address("x").toUpperCase() }), `app_state.auth.accounts[1].address: ${address("x")} stands there twice`);
});
