import test from "ava";
import { type Accounts, defineAccounts, type ModuleBank } from "#kernel/accounts.js";
import { nodeCrypto } from "#platform/crypto.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { address, environment } from "#test/chain/environment.js";

const rich = address("rich");
const setUp = () => {
  const c = new TestChain({ crypto: nodeCrypto, parts: { bank: { balances: [{ address: rich, coins: [coin(100n)] }] } } });
  const { bank } = c.k;
  return { c, bank, ctx: c.ctx, tasks: bank.for(defineAccounts({ name: "tasks", may: ["burn"] })), work: bank.for(defineAccounts({ name: "work", may: ["mint"] })), workers: bank.for(defineAccounts({ name: "workers", may: [] })) };
};

test("a module moves, mints and burns on its own accounts, and supplies follow", (t) => {
  const { c, bank, ctx, tasks, work } = setUp();
  tasks.toPool(ctx, rich, "tasks", 60n);
  t.is(tasks.poolBalance(ctx, "tasks"), 60n);
  tasks.burn(ctx, "tasks", 10n);
  work.mint(ctx, "work", 5n);
  work.mint(ctx, "work", 5n, "other");
  t.is(refusal(() => work.betweenPools(ctx, "work", "tasks", 6n)), "sdk/5: spendable balance 5upouw is smaller than 6upouw: insufficient funds");
  work.betweenPools(ctx, "work", "tasks", 5n);
  tasks.fromPool(ctx, "tasks", address("poor"), 55n);
  t.deepEqual(bank.supplies(ctx), [{ denom: "other", amount: 5n }, { denom: "upouw", amount: 95n }]);
  t.deepEqual([bank.balance(ctx, rich), bank.balance(ctx, address("poor")), tasks.poolBalance(ctx, "tasks"), work.poolBalance(ctx, "work", "other")], [40n, 55n, 0n, 5n]);
  t.truthy(c.account(address("poor")));
  t.is(refusal(() => bank.send(ctx, rich, address("poor"), -1n)), "sdk/10: amount -1: invalid coins");
  t.deepEqual(ctx.events.filter((e) => e.type === "coinbase" || e.type === "burn").map((e) => e.attributes.map((a) => a.value)), [
    [environment.addresses.module("tasks"), "10upouw"],
    [environment.addresses.module("work"), "5upouw"],
    [environment.addresses.module("work"), "5other"],
  ]);
  t.notThrows(() => c.checkInvariants());
});

test("what has no right and what nobody declares is refused, at assembly and when it runs", (t) => {
  const { bank, ctx, tasks, work, workers } = setUp();
  const at = (...accounts: Accounts): string => refusal(() => bank.for(accounts)) ?? "accepted";
  t.is(at({ name: "nobodys", may: [] }), "bank: no module declares the account nobodys");
  t.is(at({ name: "tasks", may: ["mint", "burn"] }), "bank: the account tasks is not declared with the right to mint");
  t.is(at({ name: "workers", may: [] }, { name: "tasks", may: [] }), "accepted");
  t.is(at(), "accepted");

  const talkedOut = { tasks: tasks as unknown as ModuleBank<any>, work: work as unknown as ModuleBank<any>, workers: workers as unknown as ModuleBank<any> };
  t.is(refusal(() => talkedOut.tasks.mint(ctx, "tasks" as never, 1n)), "sdk/4: module account tasks does not have permissions to mint tokens: unauthorized");
  t.is(refusal(() => talkedOut.workers.burn(ctx, "workers" as never, 1n)), "sdk/4: module account workers does not have permissions to burn tokens: unauthorized");
  t.is(refusal(() => talkedOut.work.fromPool(ctx, "tasks", rich, 1n)), "bank: the account tasks is another module's");
  t.is(refusal(() => work.betweenPools(ctx, "work", "nobodys", 1n)), "bank: no module declares the account nobodys");
  t.is(bank.supply(ctx), 100n);
});

test("who owns a denomination is known from the first coin to the last", (t) => {
  const { c, bank } = setUp();
  const owners = (denom = "upouw") => c.ask(BankQuery.methods.denomOwners, { denom }).denomOwners.map((o) => `${o.address} ${o.balance?.amount}`).sort();
  const poor = address("poor");
  const send = (from: string, to: string, amount: bigint): void => void c.block(() => bank.send(c.ctx, from, to, amount));
  t.deepEqual(owners(), [`${rich} 100`]);
  send(rich, poor, 99n);
  t.deepEqual(owners(), [`${rich} 1`, `${poor} 99`].sort());
  send(rich, poor, 1n);
  t.deepEqual(owners(), [`${poor} 100`]);
  send(poor, poor, 100n);
  t.deepEqual(owners(), [`${poor} 100`]);
  send(poor, rich, 0n);
  t.deepEqual(owners(), [`${poor} 100`]);
  t.deepEqual(owners("upou"), []);
});
