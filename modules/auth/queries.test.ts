import test from "ava";
import { QueryAccountsResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { definitions } from "#app/assemble.js";
import { nodeCrypto } from "#platform/crypto.js";
import { BaseAccount, ModuleAccount } from "#proto/gen/cosmos/auth/v1beta1/auth.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { PageRequest } from "#proto/gen/cosmos/base/query/v1beta1/pagination.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { address, environment } from "#test/chain/environment.js";
import { Account, execute, shaped } from "#test/chain/shaped-tx.js";

const q = AuthQuery.methods;
const setUp = async () => {
  const a = await Account.of("a");
  const c = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [{ address: a.address, coins: [coin(1_000n)] }] } } });
  const tx = await shaped(c, [a]);
  c.block(() => execute(c, tx));
  return { a, c };
};
/** Of either kind. */
const base = (any: Any | undefined): BaseAccount => {
  if (!any) throw new Error("no account");
  return any.typeUrl === ModuleAccount.typeUrl ? (ModuleAccount.decode(any.value).baseAccount as BaseAccount) : BaseAccount.decode(any.value);
};

test("an account, what every account has, and the address of a number", async (t) => {
  const { a, c } = await setUp();
  const account = c.account(a.address) as BaseAccount;
  t.is(account.sequence, 1n);
  t.deepEqual(base(c.ask(q.account, { address: a.address }).account), account);
  t.deepEqual(c.ask(q.accountInfo, { address: a.address }).info, account);
  t.is(c.ask(q.accountAddressByID, { accountId: account.accountNumber }).accountAddress, a.address);
  t.is(c.ask(q.accountAddressByID).accountAddress, environment.addresses.module(definitions.flatMap((d) => d.accounts)[0]?.name as string), "number 0");

  const nobody = address("nobody");
  t.is(refusal(() => c.ask(q.account, { address: nobody })), `sdk/22: account ${nobody} not found: key not found`);
  t.is(refusal(() => c.ask(q.accountInfo, { address: nobody })), `sdk/22: account ${nobody} not found: key not found`);
  t.is(refusal(() => c.ask(q.account)), "sdk/18: Address cannot be empty: invalid request");
  t.is(refusal(() => c.ask(q.accountInfo)), "sdk/18: address cannot be empty: invalid request");
  t.is(refusal(() => c.ask(q.account, { address: "x" })), '"x" is not a bech32 address');
  t.is(refusal(() => c.query(q.account, { address: "x" })), 'sdk/18: "x" is not a bech32 address: invalid request', "no status before it, as in the SDK");
  t.is(refusal(() => c.query(q.account, { address: nobody })), `sdk/22: rpc error: code = NotFound desc = account ${nobody} not found: key not found`);
  t.is(refusal(() => c.ask(q.accountAddressByID, { accountId: 99n })), "sdk/22: account address not found with account number 99: key not found");
  t.is(refusal(() => c.ask(q.accountAddressByID, { id: 1n })), "sdk/18: requesting with id isn't supported, try to request using account-id: invalid request");
});

test("accounts come in pages, ascending by raw address, each of its own kind", async (t) => {
  const { c } = await setUp();
  const { accounts, pagination } = c.ask(q.accounts);
  const declared = definitions.flatMap((d) => d.accounts).length;
  t.is(pagination?.total, BigInt(declared + 1));
  t.is(accounts.filter((x) => x.typeUrl === ModuleAccount.typeUrl).length, declared);
  const order = accounts.map((x) => Buffer.from(environment.addresses.parse(base(x).address)).toString("hex"));
  t.deepEqual(order, [...order].sort());
  const paged: string[] = [];
  let key: Uint8Array = new Uint8Array(0);
  do {
    const page = c.ask(q.accounts, { pagination: PageRequest.create({ key, limit: 2n }) });
    t.true(page.accounts.length <= 2);
    paged.push(...page.accounts.map((x) => base(x).address));
    key = page.pagination?.nextKey ?? new Uint8Array(0);
  } while (key.length > 0);
  t.deepEqual(paged, accounts.map((x) => base(x).address));
  t.deepEqual(QueryAccountsResponse.decode(q.accounts.response.encode({ accounts, pagination })).accounts.length, declared + 1);
});

test("module accounts, with the Cosmos SDK's words for what they may do", async (t) => {
  const { c } = await setUp();
  const all = c.ask(q.moduleAccounts).accounts.map((x) => ModuleAccount.decode(x.value));
  t.deepEqual(all.map((x) => [x.name, x.permissions, x.baseAccount?.address]), [
    ["bonded_tokens_pool", ["burner", "staking"], environment.addresses.module("bonded_tokens_pool")],
    ["distribution", [], environment.addresses.module("distribution")],
    ["fee_collector", [], environment.addresses.module("fee_collector")],
    ["gov", ["burner"], environment.addresses.module("gov")],
    ["mint", ["minter"], environment.addresses.module("mint")],
    ["not_bonded_tokens_pool", ["burner", "staking"], environment.addresses.module("not_bonded_tokens_pool")],
    ["tasks", ["burner"], environment.addresses.module("tasks")],
    ["work", ["minter", "burner"], environment.addresses.module("work")],
    ["workers", [], environment.addresses.module("workers")],
  ]);
  const named = c.ask(q.moduleAccountByName, { name: "work" }).account;
  t.deepEqual(named, c.ask(q.account, { address: environment.addresses.module("work") }).account);
  t.is(refusal(() => c.ask(q.moduleAccountByName)), "sdk/18: module name is empty: invalid request");
  t.is(refusal(() => c.ask(q.moduleAccountByName, { name: "nobodys" })), "sdk/22: account nobodys not found: key not found");
});

test("addresses as bytes and as text, the prefix, the parameters", async (t) => {
  const { a, c } = await setUp();
  const raw = environment.addresses.parse(a.address);
  t.is(c.ask(q.bech32Prefix).bech32Prefix, "pouw");
  t.is(c.ask(q.addressBytesToString, { addressBytes: raw }).addressString, a.address);
  t.deepEqual(Uint8Array.from(c.ask(q.addressStringToBytes, { addressString: a.address }).addressBytes), raw);
  const derived = c.ask(q.addressBytesToString, { addressBytes: new Uint8Array(32).fill(7) }).addressString;
  t.deepEqual([...c.ask(q.addressStringToBytes, { addressString: derived }).addressBytes], [...new Uint8Array(32).fill(7)]);
  t.is(refusal(() => c.ask(q.addressBytesToString)), "empty address bytes is not allowed");
  t.is(refusal(() => c.ask(q.addressBytesToString, { addressBytes: new Uint8Array(200) })), "got 200 address bytes, want 20 or 32");
  t.is(refusal(() => c.ask(q.addressStringToBytes, { addressString: " " })), "empty address string is not allowed");
  t.regex(refusal(() => c.ask(q.addressStringToBytes, { addressString: "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh" })) ?? "", /^address cosmos1\w+ has prefix cosmos, want pouw/);
  t.is(c.ask(q.addressBytesToString, { addressBytes: c.ask(q.addressStringToBytes, { addressString: a.address.toUpperCase() }).addressBytes }).addressString, a.address);
  t.deepEqual(c.ask(q.params).params, c.k.auth.params(c.ctx));
});
