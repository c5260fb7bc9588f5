import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { coin, refusal, TestChain } from "#test/chain/chain.js";
import { address } from "#test/chain/environment.js";

const [a, b] = [address("a"), address("b")];
const balances = [
  { address: a, coins: [coin(2n, "atom"), coin(3n)] },
  { address: b, coins: [coin(4n)] },
];
const unit = (denom: string, exponent: number, ...aliases: string[]) => ({ denom, exponent, aliases });
const atom = { description: "", denom_units: [unit("atom", 0), unit("megaatom", 6, "large")], base: "atom", display: "megaatom", name: "Atom", symbol: "ATOM", uri: "", uri_hash: "" };
const chain = (bank: object) => new TestChain({ crypto: nodeCrypto, parts: { bank } });
const fault = (bank: object): string => refusal(() => chain(bank)) ?? "accepted";
/** The same state on another chain. */
const again = (c: TestChain) => new TestChain({ crypto: nodeCrypto, genesis: c.exported(), initialHeight: c.height + 1n });

test("all of the bank's state goes through an export, with the supplies and metadata that genesis left out", (t) => {
  const c = chain({ balances, params: { default_send_enabled: false }, denom_metadata: [atom], send_enabled: [{ denom: "upouw", enabled: true }, { denom: "gold", enabled: false }] });
  const exported = c.exported();
  t.like(exported.bank, {
    params: { send_enabled: [], default_send_enabled: false },
    supply: [coin(2n, "atom"), coin(7n)],
    denom_metadata: [atom, { base: "upouw", display: "pouw", symbol: "POUW" }],
    send_enabled: [{ denom: "gold", enabled: false }, { denom: "upouw", enabled: true }],
  });
  const other = again(c);
  t.deepEqual(other.dump(), c.dump(), "every key of the state");
  t.deepEqual(other.exported(), exported);
  t.truthy(other.account(b));
});

test("an empty genesis has the chain's own denomination and nothing of it", (t) => {
  for (const [denom, display] of [["upouw", "pouw"], ["stake", "stake"], ["uab", "uab"]] as const) {
    const c = new TestChain({ crypto: nodeCrypto, powers: [], params: { staking: { bond_denom: denom } } });
    const { metadatas } = c.ask(BankQuery.methods.denomsMetadata);
    t.deepEqual(metadatas.map((m) => [m.base, m.display, m.denomUnits.map((u) => u.exponent)]), [[denom, display, display === denom ? [0] : [0, 6]]]);
    t.deepEqual(again(c).dump(), c.dump());
    t.deepEqual(c.ask(BankQuery.methods.totalSupply).supply, []);
  }
});

test("a supply that is given is what the balances add up to", (t) => {
  const of = (...supply: object[]): string => fault({ balances, supply });
  t.is(of(coin(2n, "atom"), coin(7n)), "accepted");
  t.is(of(coin(2n, "atom"), coin(8n)), "app_state.bank.supply: got 8 of upouw, balances add up to 7");
  t.is(of(coin(7n)), "app_state.bank.supply: got nothing of atom, balances add up to 2");
  t.is(of(coin(2n, "atom"), coin(1n, "gold"), coin(7n)), "app_state.bank.supply: got 1 of gold, no balance has any");
  t.regex(of(coin(7n), coin(7n)), /^app_state\.bank\.supply: .*invalid coins$/);
});

test("balances that cannot be are refused by their path", (t) => {
  const of = (...list: object[]): string => fault({ balances: list });
  t.is(of({ address: a, coins: [coin(1n)] }, { address: a, coins: [coin(1n)] }), `app_state.bank.balances[1]: ${a} stands there twice`);
  t.is(of({ address: "x", coins: [coin(1n)] }), 'app_state.bank.balances[0].address: "x" is not a bech32 address: invalid address');
  for (const coins of [[coin(1n), coin(1n)], [coin(1n), coin(1n, "atom")], [coin(0n)], [coin(-1n)], [coin(1n, "!")]]) t.regex(of({ address: a, coins }), /^app_state\.bank\.balances\[0\]\.coins: .*invalid coins$/);
  t.is(of({ address: a, coins: [{ denom: "upouw", amount: 1 }] }), "app_state.bank.balances[0].coins[0].amount: got 1, want a string");
  t.is(of({ address: a, coins: [] }), "accepted", "as in the SDK");
  t.regex(of({ address: a, coin: [] }), /^app_state\.bank\.balances\[0\]\.coin: there is no such field/);
  const most = `${(1n << 256n) - 1n}`;
  t.is(of({ address: a, coins: [{ denom: "upouw", amount: most }] }), "accepted");
  t.is(of({ address: a, coins: [{ denom: "upouw", amount: most }] }, { address: b, coins: [coin(1n)] }), "app_state.bank.balances: those of upouw add up to more than 256 bits");
});

test("metadata is of a denomination, of which there need be none, once, and of units that make sense", (t) => {
  const of = (...denom_metadata: object[]): string => fault({ balances, denom_metadata });
  const at = "app_state.bank.denom_metadata";
  const units = (...denom_units: object[]) => ({ ...atom, denom_units });
  t.is(of(atom), "accepted");
  t.is(of({ ...atom, base: "gold", denom_units: [unit("gold", 0)], display: "gold" }), "accepted");
  t.is(fault({ denom_metadata: [{ ...atom, base: "upouw", denom_units: [unit("upouw", 0)], display: "upouw" }] }), "accepted");
  t.is(of(atom, atom), `${at}[1].base: atom stands there twice`);
  t.is(of({ ...atom, base: "!" }), `${at}[0].base: "!" is not a denomination`);
  for (const blank of ["", " \t"]) t.deepEqual([of({ ...atom, name: blank }), of({ ...atom, symbol: blank })], [`${at}[0].name: is blank`, `${at}[0].symbol: is blank`]);
  t.is(of({ ...atom, display: "!" }), `${at}[0].display: "!" is not a denomination`);
  t.is(of({ ...atom, display: "gold" }), `${at}[0].display: got "gold", want one of denom_units`);
  t.is(of(units()), `${at}[0].denom_units[0]: want the base atom, with exponent 0`);
  t.is(of(units(unit("atom", 1))), `${at}[0].denom_units[0]: want the base atom, with exponent 0`);
  t.is(of(units(unit("atom", 0), unit("megaatom", 0))), `${at}[0].denom_units[1].exponent: got 0, want more than 0, the one before`);
  t.is(of(units(unit("atom", 0), unit("atom", 6))), `${at}[0].denom_units[1].denom: atom stands there twice`);
  t.is(of(units(unit("atom", 0), unit("-", 6))), `${at}[0].denom_units[1].denom: "-" is not a denomination`);
  t.is(of(units(unit("atom", 0), unit("megaatom", 6, "x", "x"))), `${at}[0].denom_units[1].aliases: want names, none twice`);
});

test("entries on what may be sent stand in one list, once each", (t) => {
  const entry = { denom: "gold", enabled: false };
  t.is(fault({ send_enabled: [entry, entry] }), "app_state.bank.send_enabled[1].denom: gold stands there twice");
  t.is(fault({ send_enabled: [{ denom: "!" }] }), 'app_state.bank.send_enabled[0].denom: "!" is not a denomination');
  t.is(fault({ params: { send_enabled: [entry] } }), "app_state.bank.params.send_enabled: stands beside the parameters, not among them");
  const c = chain({ params: { send_enabled: [], default_send_enabled: true }, send_enabled: [entry] });
  t.deepEqual(c.ask(BankQuery.methods.params).params, { sendEnabled: [], defaultSendEnabled: true });
  t.false(c.k.bank.sendEnabled(c.ctx, "gold"));
});
