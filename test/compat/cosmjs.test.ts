/** An unmodified CosmJS client against a real node: one validator, the stock engine, nothing of this project in between. */
import { toBech32 } from "@cosmjs/encoding";
import { Secp256k1HdWallet } from "@cosmjs/amino";
import { DirectSecp256k1HdWallet } from "@cosmjs/proto-signing";
import { assertIsDeliverTxSuccess, QueryClient, SigningStargateClient, setupAuthzExtension, setupBankExtension, setupFeegrantExtension, setupStakingExtension, setupTxExtension } from "@cosmjs/stargate";
import { Comet38Client, connectComet } from "@cosmjs/tendermint-rpc";
import test from "ava";
import { MsgExec, MsgGrant } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { BasicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { GetTxsEventRequest, GetTxsEventResponse, OrderBy } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { type TestNetwork, testNetwork } from "#test/network/network.js";

let network: TestNetwork;
test.before(async () => {
  network = await testNetwork({ validators: 1, miners: 0, supervisors: 0, evaluators: 0, blockTime: 300 });
});
test.after.always(async () => {
  await network?.down();
});

const account = (name: string) => {
  const found = network.facts().accounts.find((a) => a.name === name);
  if (!found) throw new Error(`no account ${name}`);
  return found;
};
/** a valid address that the chain has never seen */
const NOBODY = toBech32("pouw", new Uint8Array(20).fill(7));
const coins = (amount: string) => [{ denom: "upouw", amount }];
/** At the least price: a thousandth of a base unit for a unit of gas. */
const feeOf = (gas: number) => ({ amount: coins(`${Math.ceil(gas / 1000)}`), gas: `${gas}` });
const fee = feeOf(200_000);
const options = { broadcastPollIntervalMs: 200 };

test.serial("connects, reads the chain id, an account and balances", async (t) => {
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(account("client").mnemonic, { prefix: "pouw" });
  const client = await SigningStargateClient.connectWithSigner(network.rpc, wallet, options);
  t.is(await client.getChainId(), "pouw-local-1");
  t.true((await client.getHeight()) > 0);
  t.is((await client.getAccount(account("client").address))?.sequence, 0);
  t.is(await client.getAccount(NOBODY), null);
  t.deepEqual(await client.getBalance(account("alice").address, "upouw"), coins("1000000000000")[0]);
  t.is((await client.getAllBalances(account("alice").address)).length, 1);
});

test.serial("simulates, sends with SIGN_MODE_DIRECT, finds the transaction by hash and by event", async (t) => {
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(account("client").mnemonic, { prefix: "pouw" });
  const client = await SigningStargateClient.connectWithSigner(network.rpc, wallet, options);
  const [from, to] = [account("client").address, account("bob").address];
  const message = { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: { fromAddress: from, toAddress: to, amount: coins("5") } };
  const gas = await client.simulate(from, [message], "a memo");
  t.true(gas > 10_000 && gas < 200_000, `${gas} gas`);
  const sent = await client.sendTokens(from, to, coins("1234"), fee, "a memo");
  assertIsDeliverTxSuccess(sent);
  t.is((await client.getBalance(to, "upouw")).amount, "1000000001234");
  const byHash = await client.getTx(sent.transactionHash);
  t.is(byHash?.height, sent.height);
  // CometBFT's indexer wants both conditions in one event.
  const byEvent = await client.searchTx([
    { key: "transfer.recipient", value: to },
    { key: "transfer.sender", value: from },
  ]);
  t.deepEqual(byEvent.map((x) => x.hash), [sent.transactionHash]);
  const transfer = sent.events.find((e) => e.type === "transfer" && e.attributes.some((a) => a.key === "msg_index"));
  t.is(transfer?.attributes.find((a) => a.key === "amount")?.value, "1234upouw");
});

test.serial("asks the transaction service over ABCI: by hash, and by events in both orders, page by page", async (t) => {
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(account("bob").mnemonic, { prefix: "pouw" });
  const client = await SigningStargateClient.connectWithSigner(network.rpc, wallet, options);
  const [from, to] = [account("bob").address, account("alice").address];
  const sent = [await client.sendTokens(from, to, coins("11"), fee, "first"), await client.sendTokens(from, to, coins("12"), fee, "second")];
  const comet = await Comet38Client.connect(network.rpc);
  const { tx } = QueryClient.withExtensions(comet, setupTxExtension);
  const { tx: found, txResponse } = await tx.getTx(sent[0]?.transactionHash ?? "");
  t.is(found?.body?.memo, "first");
  t.like(txResponse, { txhash: sent[0]?.transactionHash, code: 0, height: BigInt(sent[0]?.height ?? 0), gasWanted: 200_000n });
  t.true((txResponse?.gasUsed ?? 0n) > 0n);
  const { block } = await comet.block(sent[0]?.height);
  t.is(txResponse?.timestamp, `${block.header.time.toISOString().slice(0, 19)}Z`);
  await t.throwsAsync(tx.getTx("00".repeat(32)), { message: /code = NotFound desc = tx not found: 0000/ });
  await t.throwsAsync(tx.getTx("garbage"), { message: /code = InvalidArgument desc = tx hash "garbage": want hexadecimal digits/ });
  await t.throwsAsync(tx.getTx(""), { message: /tx hash cannot be empty/ });

  const ask = async (request: Partial<GetTxsEventRequest>) => {
    const { value } = await comet.abciQuery({ path: "/cosmos.tx.v1beta1.Service/GetTxsEvent", data: GetTxsEventRequest.encode(GetTxsEventRequest.fromPartial(request)).finish() });
    const { txs, txResponses, total } = GetTxsEventResponse.decode(value);
    t.deepEqual(txResponses.map((r) => Tx.decode(r.tx?.value ?? new Uint8Array(0)).body?.memo), txs.map((x) => x.body?.memo));
    return [txs.map((x) => x.body?.memo), total] as const;
  };
  const query = `message.sender='${from}' AND message.action='/cosmos.bank.v1beta1.MsgSend'`;
  t.deepEqual(await ask({ query }), [["first", "second"], 2n]);
  t.deepEqual(await ask({ events: query.split(" AND ") }), [["first", "second"], 2n]);
  t.deepEqual(await ask({ query, orderBy: OrderBy.ORDER_BY_DESC }), [["second", "first"], 2n]);
  t.deepEqual(await ask({ query, page: 2n, limit: 1n }), [["second"], 2n]);
  // The first of a block is the chain's own: it is no transaction of anybody.
  t.deepEqual((await ask({ query: `tx.height=${sent[0]?.height}` }))[0], ["first"]);
  const refused = await comet.abciQuery({ path: "/cosmos.tx.v1beta1.Service/GetTxsEvent", data: new Uint8Array(0) });
  t.like(refused, { code: 6, log: "rpc error: code = Internal desc = query cannot be empty: unknown request" });
});

test.serial("sends with SIGN_MODE_LEGACY_AMINO_JSON", async (t) => {
  const wallet = await Secp256k1HdWallet.fromMnemonic(account("alice").mnemonic, { prefix: "pouw" });
  const client = await SigningStargateClient.connectWithSigner(network.rpc, wallet, options);
  const sent = await client.sendTokens(account("alice").address, account("bob").address, coins("77"), fee, "amino <&> memo");
  t.is(sent.code, 0, sent.rawLog);
});

test.serial("tells what is wrong in the words that wallets look for", async (t) => {
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(account("faucet").mnemonic, { prefix: "pouw" });
  const client = await SigningStargateClient.connectWithSigner(network.rpc, wallet, options);
  const [from, to] = [account("faucet").address, account("bob").address];
  const poor = await client.sendTokens(from, to, coins("9000000000000000"), fee);
  t.is(poor.code, 5);
  t.regex(poor.rawLog ?? "", /^failed to execute message; message index: 0: spendable balance 999999999800upouw is smaller than 9000000000000000upouw: insufficient funds/);
  const short = await client.sendTokens(from, to, coins("1"), feeOf(9_000)).catch((e: Error) => e);
  t.regex(short instanceof Error ? short.message : (short.rawLog ?? ""), /out of gas in location: \w+; gasWanted: 9000, gasUsed: \d+: out of gas/);
  const signed = await client.sign(from, [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: { fromAddress: from, toAddress: to, amount: coins("1") } }], fee, "", { accountNumber: 999n, sequence: 1, chainId: "pouw-local-1" });
  const { TxRaw } = await import("cosmjs-types/cosmos/tx/v1beta1/tx");
  await t.throwsAsync(client.broadcastTx(TxRaw.encode(signed).finish()), { message: /signature verification failed; please verify account number \(\d+\) and chain-id \(pouw-local-1\)/ });
});

test.serial("delegates with either sign mode, takes back, and asks all that CosmJS knows of staking", async (t) => {
  const { staking } = QueryClient.withExtensions(await connectComet(network.rpc), setupStakingExtension);
  const [validator] = (await staking.validators("BOND_STATUS_BONDED")).validators;
  const operator = validator?.operatorAddress ?? "";
  t.like(validator, { status: 3, tokens: "10000000", jailed: false });
  const [bob, alice] = [account("bob"), account("alice")];
  const amino = await SigningStargateClient.connectWithSigner(network.rpc, await Secp256k1HdWallet.fromMnemonic(bob.mnemonic, { prefix: "pouw" }), options);
  const direct = await SigningStargateClient.connectWithSigner(network.rpc, await DirectSecp256k1HdWallet.fromMnemonic(alice.mnemonic, { prefix: "pouw" }), options);
  const stake = { denom: "upouw", amount: "3000000" };
  for (const [client, who] of [[amino, bob], [direct, alice]] as const) {
    const sent = await client.delegateTokens(who.address, operator, stake, feeOf(400_000));
    assertIsDeliverTxSuccess(sent);
    t.is((await client.getDelegation(who.address, operator))?.amount, "3000000");
  }
  assertIsDeliverTxSuccess(await amino.undelegateTokens(bob.address, operator, { denom: "upouw", amount: "1000000" }, feeOf(400_000)));
  t.is((await staking.pool()).pool?.bondedTokens, "15000000");
  t.is((await staking.pool()).pool?.notBondedTokens, "1000000");
  t.like(await staking.params(), { params: { bondDenom: "upouw", maxValidators: 100 } });
  t.is((await staking.validator(operator)).validator?.delegatorShares, "15000000000000000000000000");
  t.is((await staking.delegatorDelegations(bob.address)).delegationResponses[0]?.balance?.amount, "2000000");
  t.is((await staking.delegatorUnbondingDelegations(bob.address)).unbondingResponses[0]?.entries[0]?.balance, "1000000");
  t.is((await staking.unbondingDelegation(bob.address, operator)).unbond?.entries.length, 1);
  t.is((await staking.delegatorValidators(bob.address)).validators.length, 1);
  t.is((await staking.delegatorValidator(bob.address, operator)).validator?.operatorAddress, operator);
  t.is((await staking.validatorDelegations(operator)).delegationResponses.length, 3);
  t.is((await staking.validatorUnbondingDelegations(operator)).unbondingResponses.length, 1);
  t.deepEqual((await staking.redelegations(bob.address, "", "")).redelegationResponses, []);
  const height = await amino.getHeight();
  t.is((await staking.historicalInfo(height - 2)).hist?.valset.length, 1);
});

test.serial("answers queries of the useful-work modules over abci_query, and names what is not there", async (t) => {
  const comet = await connectComet(network.rpc);
  const query = QueryClient.withExtensions(comet, setupBankExtension);
  t.is((await query.bank.supplyOf("upouw")).amount, "4010010000000");
  const { task, tasks } = TasksQuery.methods;
  const { value, height } = await query.queryAbci(tasks.path, tasks.request.encode(tasks.request.create({ limit: 10 })));
  t.deepEqual(tasks.response.decode(value).tasks, []);
  t.true(height > 0);
  await t.throwsAsync(query.queryAbci(task.path, task.request.encode({ id: 99n })), { message: /code = NotFound/ });
  const unknown = await (comet as Comet38Client).abciQuery({ path: "/no.such.Query/Thing", data: new Uint8Array(0) });
  t.is(unknown.code, 6);
});

test.serial("the gas that it simulates is enough with its own factor, also for an account's first transaction", async (t) => {
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(account("bob").mnemonic, { prefix: "pouw" });
  const client = await SigningStargateClient.connectWithSigner(network.rpc, wallet, options);
  const [from, to] = [account("bob").address, NOBODY];
  const message = { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: { fromAddress: from, toAddress: to, amount: coins("5") } };
  for (const memo of ["first", "second"]) {
    // CosmJS's own factor of "auto": it does not tell a simulation what it will pay.
    const gas = Math.ceil((await client.simulate(from, [message], memo)) * 1.3);
    const sent = await client.signAndBroadcast(from, [message], feeOf(gas), memo);
    t.is(sent.code, 0, sent.rawLog);
    t.true(sent.gasUsed <= BigInt(gas));
  }
});

test.serial("grants, sends in another's name with a fee that the other pays, and asks what is granted", async (t) => {
  const clientOf = async (name: string) => SigningStargateClient.connectWithSigner(network.rpc, await DirectSecp256k1HdWallet.fromMnemonic(account(name).mnemonic, { prefix: "pouw" }), options);
  const [granter, grantee] = [account("alice").address, account("bob").address];
  const [alice, bob] = await Promise.all(["alice", "bob"].map(clientOf)) as [SigningStargateClient, SigningStargateClient];
  const expiration = { seconds: BigInt(Math.floor(Date.now() / 1000) + 3600), nanos: 0 };
  const authorization = { typeUrl: SendAuthorization.typeUrl, value: SendAuthorization.encode({ spendLimit: coins("50"), allowList: [] }).finish() };
  const allowance = { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode({ spendLimit: coins("500") }).finish() };
  const granted = await alice.signAndBroadcast(granter, [
    { typeUrl: MsgGrant.typeUrl, value: MsgGrant.fromPartial({ granter, grantee, grant: { authorization, expiration } }) },
    { typeUrl: MsgGrantAllowance.typeUrl, value: MsgGrantAllowance.fromPartial({ granter, grantee, allowance }) },
  ], fee);
  t.is(granted.code, 0, granted.rawLog);
  const before = BigInt((await alice.getBalance(granter, "upouw")).amount);
  const send = { typeUrl: MsgSend.typeUrl, value: MsgSend.encode({ fromAddress: granter, toAddress: NOBODY, amount: coins("20") }).finish() };
  const paid = { ...feeOf(300_000), granter };
  const sent = await bob.signAndBroadcast(grantee, [{ typeUrl: MsgExec.typeUrl, value: MsgExec.fromPartial({ grantee, msgs: [send] }) }], paid);
  t.is(sent.code, 0, sent.rawLog);
  t.is(BigInt((await alice.getBalance(granter, "upouw")).amount), before - 320n);
  t.deepEqual((await bob.searchTx([{ key: "use_feegrant.granter", value: granter }])).map((x) => x.hash), [sent.transactionHash]);

  const query = QueryClient.withExtensions(await connectComet(network.rpc), setupAuthzExtension, setupFeegrantExtension);
  const [grant] = (await query.authz.grants(granter, grantee, MsgSend.typeUrl)).grants;
  t.deepEqual(SendAuthorization.decode(grant?.authorization?.value ?? new Uint8Array(0)).spendLimit, coins("30"));
  t.deepEqual(grant?.expiration, expiration);
  t.is((await query.authz.granteeGrants(grantee)).grants[0]?.granter, granter);
  t.is((await query.authz.granterGrants(granter)).grants[0]?.grantee, grantee);
  t.deepEqual(BasicAllowance.decode((await query.feegrant.allowance(granter, grantee)).allowance?.allowance?.value ?? new Uint8Array(0)).spendLimit, coins("200"));
  t.is((await query.feegrant.allowances(grantee)).allowances.length, 1);
  await t.throwsAsync(bob.signAndBroadcast(grantee, [{ typeUrl: MsgExec.typeUrl, value: MsgExec.fromPartial({ grantee, msgs: [send] }) }], paid), { message: /fee limit exceeded/ });
});
