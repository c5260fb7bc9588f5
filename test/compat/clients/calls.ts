/** Every method of the clients, in an order that a user could have: what is sent, what is asked after it, and what is refused. */
import { createMultisigThresholdPubkey, encodeSecp256k1Pubkey, pubkeyToAddress } from "@cosmjs/amino";
import { Secp256k1 } from "@cosmjs/crypto";
import { type EncodeObject, Registry } from "@cosmjs/proto-signing";
import { defaultRegistryTypes, type DeliverTxResponse, makeMultisignedTxBytes, type SigningStargateClient } from "@cosmjs/stargate";
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { BasicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { TextProposal, VoteOption } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { makeEnvironment } from "#kernel/environment.js";
import { nodeCrypto } from "#platform/crypto.js";
import { heightOf, until } from "#testnet/rpc.js";
import type { Setting } from "#test/compat/sdk/genesis.js";
import { keyOf } from "#test/compat/sdk/signer.js";
import type { Clients } from "./clients.js";
import { type Plain, plain, shape } from "./compare.js";

export interface Call {
  readonly name: string;
  /** only the form of the answer is compared: what is in it differs between any two networks */
  readonly shape?: boolean;
  run(c: Clients, m: Memory): Promise<unknown>;
}

/** What one call leaves for later ones, of each chain its own. */
export interface Memory {
  readonly rpc: string;
  hash: string;
  height: number;
  /** of a transaction that was signed and not sent */
  signed: Uint8Array;
}

/** What is the same on both chains of a transaction's outcome: heights are not. */
const outcome = ({ height, txIndex, ...rest }: DeliverTxResponse): unknown => ({ ...rest, height: height > 0, txIndex: typeof txIndex });

/** One thing that a stream tells. */
const first = <T>(stream: { subscribe(l: { next(value: T): void; error(e: unknown): void; complete(): void }): { unsubscribe(): void } }): Promise<T> =>
  new Promise((resolve, reject) => {
    const subscription = stream.subscribe({
      next(value) {
        resolve(value);
        setImmediate(() => subscription.unsubscribe());
      },
      error: (e) => reject(e as Error),
      complete: () => reject(new Error("the stream ended")),
    });
  });

export function callsFor({ face, accounts, validators }: Setting): readonly Call[] {
  const { addresses } = makeEnvironment(nodeCrypto, face.prefix);
  const [ann, ben, cid] = accounts.slice(0, 3).map((a) => a.address) as [string, string, string];
  const nobody = addresses.format(new Uint8Array(20).fill(7));
  const valoper = addresses.operator.format(addresses.parse(validators[0]?.operator ?? ""));
  const other = addresses.operator.format(new Uint8Array(20).fill(7));
  const cons = addresses.consensus.format(validators[0]?.address ?? new Uint8Array(0));
  const bond = (amount: number) => ({ denom: face.bond, amount: `${amount}` });
  const coin = (amount: number) => ({ denom: face.fee, amount: `${amount}` });
  const fee = { amount: [coin(5_000)], gas: "500000" };
  const [A, B, C] = ["account 0", "account 1", "account 2"] as const;
  const send = (from: string, to: string, amount: number): EncodeObject => ({ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: MsgSend.fromPartial({ fromAddress: from, toAddress: to, amount: [coin(amount)] }) });
  const registry = new Registry(defaultRegistryTypes);

  const calls: Call[] = [];
  const add = (name: string, run: Call["run"], o: { readonly shape?: boolean } = {}): void => void calls.push({ name, run, ...o });
  /** A transaction in either mode, and what became of it; what comes after is asked when two more blocks have been made. */
  const tx = (name: string, who: string, run: (client: SigningStargateClient) => Promise<DeliverTxResponse>): void => {
    const sent = (mode: "direct" | "amino") =>
      add(`${name}, ${mode}`, async (c, m) => {
        const done = await run(await c[mode](who));
        m.hash = done.transactionHash;
        m.height = done.height;
        return outcome(done);
      });
    sent("direct");
    sent("amino");
  };
  const both = (name: string, who: string, address: string, messages: () => readonly EncodeObject[], memo?: string): void => tx(name, who, (client) => client.signAndBroadcast(address, messages(), fee, memo));
  const settled = (name: string): void =>
    add(name, async (_, { rpc }) => {
      const to = (await heightOf(rpc)) + 2;
      await until(`block ${to}`, 30_000, async () => ((await heightOf(rpc)) >= to ? true : undefined), 100);
    });

  // who is there
  add("getChainId", (c) => c.stargate.getChainId());
  add("getHeight", async (c) => (await c.stargate.getHeight()) > 1);
  add("getAccount", (c) => c.stargate.getAccount(ann));
  add("getAccount of nobody", (c) => c.stargate.getAccount(nobody));
  add("getSequence", (c) => c.stargate.getSequence(ben));
  add("getSequence of nobody", (c) => c.stargate.getSequence(nobody));
  add("getBalance", (c) => c.stargate.getBalance(ann, face.fee));
  add("getBalance of nothing", (c) => c.stargate.getBalance(ann, "nothing"));
  add("getBalance of nobody", (c) => c.stargate.getBalance(nobody, face.fee));
  add("getAllBalances", (c) => c.stargate.getAllBalances(ann));
  add("getAllBalances of a wrong address", (c) => c.stargate.getAllBalances("garbage"));
  add("getBalanceStaked of nobody", (c) => c.stargate.getBalanceStaked(ann));
  add("getDelegation of nobody", (c) => c.stargate.getDelegation(ann, valoper));
  add("getBlock", async (c) => (await c.stargate.getBlock(1)).header.chainId);
  add("getBlock of the future", async (c) => (await c.stargate.getBlock(1_000_000).catch((e: unknown) => (e as Error).message.replace(/current blockchain height \d+/, ""))));

  // bank
  add("simulate", async (c) => (await (await c.direct(A)).simulate(ann, [send(ann, ben, 1)], "memo")) > 0);
  add("simulate what fails", async (c) => (await c.direct(A)).simulate(ann, [send(ann, ben, 10 ** 15)], ""));
  tx("sendTokens", A, (client) => client.sendTokens(ann, ben, [coin(7)], fee, "a memo"));
  tx("sendTokens of two", A, (client) => client.sendTokens(ann, nobody, [...new Set([face.bond, face.fee])].sort().map((denom) => ({ denom, amount: "5" })), fee));
  tx("sendTokens for what it costs", B, (client) => client.sendTokens(ben, ann, [coin(7)], { ...fee, gas: "300000" }));
  tx("sendTokens, more than there is", A, (client) => client.sendTokens(ann, ben, [coin(10 ** 15)], fee));
  tx("sendTokens to garbage", A, (client) => client.sendTokens(ann, "garbage", [coin(1)], fee));
  tx("too little gas", A, (client) => client.sendTokens(ann, ben, [coin(1)], { ...fee, gas: "5000" }));
  both("multisend", A, ann, () => [{ typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value: MsgMultiSend.fromPartial({ inputs: [{ address: ann, coins: [coin(9)] }], outputs: [{ address: ben, coins: [coin(4)] }, { address: cid, coins: [coin(5)] }] }) }]);
  add("two messages of which one fails", async (c) => outcome(await (await c.direct(A)).signAndBroadcast(ann, [send(ann, ben, 1), send(ann, ben, 10 ** 15)], fee)));

  // staking and distribution
  tx("delegateTokens", A, (client) => client.delegateTokens(ann, valoper, bond(1_000_003), fee));
  tx("delegateTokens to nobody", A, (client) => client.delegateTokens(ann, other, bond(3), fee));
  tx("undelegateTokens", A, (client) => client.undelegateTokens(ann, valoper, bond(100_001), fee));
  tx("undelegateTokens, too many", A, (client) => client.undelegateTokens(ann, valoper, bond(10 ** 12), fee));
  both("redelegate to the same", A, ann, () => [{ typeUrl: "/cosmos.staking.v1beta1.MsgBeginRedelegate", value: { delegatorAddress: ann, validatorSrcAddress: valoper, validatorDstAddress: valoper, amount: bond(5) } }]);
  settled("rewards come");
  tx("withdrawRewards", A, (client) => client.withdrawRewards(ann, valoper, fee));
  tx("withdrawRewards of nobody", C, (client) => client.withdrawRewards(cid, valoper, fee));
  both("set withdraw address", A, ann, () => [{ typeUrl: "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress", value: { delegatorAddress: ann, withdrawAddress: ben } }]);
  both("fund the pool", A, ann, () => [{ typeUrl: "/cosmos.distribution.v1beta1.MsgFundCommunityPool", value: { depositor: ann, amount: [coin(50)] } }]);
  both("commission", "operator 0", validators[0]?.operator ?? "", () => [{ typeUrl: "/cosmos.distribution.v1beta1.MsgWithdrawValidatorCommission", value: { validatorAddress: valoper } }]);
  both("edit", "operator 0", validators[0]?.operator ?? "", () => [{ typeUrl: "/cosmos.staking.v1beta1.MsgEditValidator", value: { description: { moniker: "renamed", identity: "", website: "", securityContact: "", details: "" }, validatorAddress: valoper, commissionRate: "", minSelfDelegation: "" } }]);

  // grants
  const allowance = { typeUrl: "/cosmos.feegrant.v1beta1.BasicAllowance", value: BasicAllowance.encode(BasicAllowance.fromPartial({ spendLimit: [coin(1_000_000)] })).finish() };
  add("allowance", async (c) => outcome(await (await c.direct(A)).signAndBroadcast(ann, [{ typeUrl: "/cosmos.feegrant.v1beta1.MsgGrantAllowance", value: MsgGrantAllowance.fromPartial({ granter: ann, grantee: cid, allowance }) }], fee)));
  tx("paid by another", C, (client) => client.sendTokens(cid, ben, [coin(1)], { ...fee, granter: ann }));
  const authorization = { typeUrl: "/cosmos.authz.v1beta1.GenericAuthorization", value: GenericAuthorization.encode({ msg: "/cosmos.bank.v1beta1.MsgSend" }).finish() };
  both("grant", A, ann, () => [{ typeUrl: "/cosmos.authz.v1beta1.MsgGrant", value: MsgGrant.fromPartial({ granter: ann, grantee: cid, grant: { authorization, expiration: { seconds: 2_000_000_000n, nanos: 0 } } }) }]);
  both("exec", C, cid, () => [{ typeUrl: "/cosmos.authz.v1beta1.MsgExec", value: MsgExec.fromPartial({ grantee: cid, msgs: [{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: MsgSend.encode(MsgSend.fromPartial({ fromAddress: ann, toAddress: cid, amount: [coin(2)] })).finish() }] }) }]);
  both("revoke", B, ben, () => [{ typeUrl: "/cosmos.authz.v1beta1.MsgRevoke", value: MsgRevoke.fromPartial({ granter: ben, grantee: cid, msgTypeUrl: "/cosmos.bank.v1beta1.MsgSend" }) }]);

  // governance
  const content = { typeUrl: "/cosmos.gov.v1beta1.TextProposal", value: TextProposal.encode({ title: "a title", description: "what for" }).finish() };
  add("propose", async (c) => outcome(await (await c.direct(A)).signAndBroadcast(ann, [{ typeUrl: "/cosmos.gov.v1beta1.MsgSubmitProposal", value: { content, proposer: ann, initialDeposit: [bond(6_000_000)] } }], fee)));
  both("deposit", B, ben, () => [{ typeUrl: "/cosmos.gov.v1beta1.MsgDeposit", value: { proposalId: 1n, depositor: ben, amount: [bond(2_000_000)] } }]);
  both("vote", A, ann, () => [{ typeUrl: "/cosmos.gov.v1beta1.MsgVote", value: { proposalId: 1n, voter: ann, option: VoteOption.VOTE_OPTION_YES } }]);
  both("weighted vote", B, ben, () => [{ typeUrl: "/cosmos.gov.v1beta1.MsgVoteWeighted", value: { proposalId: 1n, voter: ben, options: [{ option: VoteOption.VOTE_OPTION_YES, weight: "700000000000000000" }, { option: VoteOption.VOTE_OPTION_NO, weight: "300000000000000000" }] } }]);
  both("vote for nothing", A, ann, () => [{ typeUrl: "/cosmos.gov.v1beta1.MsgVote", value: { proposalId: 99n, voter: ann, option: VoteOption.VOTE_OPTION_YES } }]);
  both("vesting", A, ann, () => [{ typeUrl: "/cosmos.vesting.v1beta1.MsgCreateVestingAccount", value: { fromAddress: ann, toAddress: addresses.format(new Uint8Array(20).fill(9)), amount: [coin(10)], endTime: 2_000_000_000n, delayed: true } }]);
  both("send through channels that are not there", A, ann, () => [send(ann, ben, 1)]);
  add("sendIbcTokens", async (c) => outcome(await (await c.direct(A)).sendIbcTokens(ann, ben, coin(1), "transfer", "channel-0", { revisionNumber: 1n, revisionHeight: 9_999_999n }, undefined, fee)));

  // every question that the extensions have
  const gov = (name: string, run: (g: Clients["query"]["gov"]) => Promise<unknown>) => add(`gov.${name}`, (c) => run(c.query.gov));
  for (const kind of ["deposit", "tallying", "voting"] as const) gov(`params ${kind}`, (g) => g.params(kind));
  gov("proposals", (g) => g.proposals(0, "", ""));
  gov("proposals in voting", (g) => g.proposals(2, "", ""));
  gov("proposals of a depositor", (g) => g.proposals(0, ben, ""));
  for (const id of [1, 99]) {
    gov(`proposal ${id}`, (g) => g.proposal(id));
    gov(`deposits ${id}`, (g) => g.deposits(id));
    gov(`deposit ${id}`, (g) => g.deposit(id, ben));
    gov(`tally ${id}`, (g) => g.tally(id));
    gov(`votes ${id}`, (g) => g.votes(id));
    gov(`vote ${id}`, (g) => g.vote(id, ann));
  }
  settled("before the questions");
  for (const a of [ann, nobody, "garbage"]) add(`auth.account ${a}`, (c) => c.query.auth.account(a));
  const bank = (name: string, run: (g: Clients["query"]["bank"]) => Promise<unknown>) => add(`bank.${name}`, (c) => run(c.query.bank));
  for (const denom of [face.fee, face.bond, "nothing"]) {
    bank(`balance ${denom}`, (b) => b.balance(ann, denom));
    bank(`supplyOf ${denom}`, (b) => b.supplyOf(denom));
    bank(`denomMetadata ${denom}`, (b) => b.denomMetadata(denom));
  }
  bank("allBalances", (b) => b.allBalances(ben));
  bank("totalSupply", (b) => b.totalSupply());
  bank("denomsMetadata", (b) => b.denomsMetadata());
  const staking = (name: string, run: (g: Clients["query"]["staking"]) => Promise<unknown>) => add(`staking.${name}`, (c) => run(c.query.staking));
  for (const who of [ann, nobody]) {
    staking(`delegation ${who}`, (s) => s.delegation(who, valoper));
    staking(`delegatorDelegations ${who}`, (s) => s.delegatorDelegations(who));
    staking(`delegatorUnbondingDelegations ${who}`, (s) => s.delegatorUnbondingDelegations(who));
    staking(`delegatorValidator ${who}`, (s) => s.delegatorValidator(who, valoper));
    staking(`delegatorValidators ${who}`, (s) => s.delegatorValidators(who));
    staking(`redelegations ${who}`, (s) => s.redelegations(who, valoper, other));
    staking(`unbondingDelegation ${who}`, (s) => s.unbondingDelegation(who, valoper));
  }
  for (const v of [valoper, other]) {
    staking(`validator ${v}`, (s) => s.validator(v));
    staking(`validatorDelegations ${v}`, (s) => s.validatorDelegations(v));
    staking(`validatorUnbondingDelegations ${v}`, (s) => s.validatorUnbondingDelegations(v));
  }
  for (const status of ["BOND_STATUS_BONDED", "BOND_STATUS_UNBONDED", ""] as const) staking(`validators ${status}`, (s) => s.validators(status));
  staking("params", (s) => s.params());
  staking("pool", (s) => s.pool());
  add("staking.historicalInfo", async (c) => c.query.staking.historicalInfo(await c.stargate.getHeight()), { shape: true });
  add("staking.historicalInfo of the future", (c) => c.query.staking.historicalInfo(9_999_999));
  const distribution = (name: string, run: (g: Clients["query"]["distribution"]) => Promise<unknown>) => add(`distribution.${name}`, (c) => run(c.query.distribution));
  distribution("communityPool", (d) => d.communityPool());
  distribution("params", (d) => d.params());
  for (const who of [ann, nobody]) {
    distribution(`delegationRewards ${who}`, (d) => d.delegationRewards(who, valoper));
    distribution(`delegationTotalRewards ${who}`, (d) => d.delegationTotalRewards(who));
    distribution(`delegatorValidators ${who}`, (d) => d.delegatorValidators(who));
    distribution(`delegatorWithdrawAddress ${who}`, (d) => d.delegatorWithdrawAddress(who));
  }
  for (const v of [valoper, other]) {
    distribution(`validatorCommission ${v}`, (d) => d.validatorCommission(v));
    distribution(`validatorOutstandingRewards ${v}`, (d) => d.validatorOutstandingRewards(v));
    distribution(`validatorSlashes ${v}`, (d) => d.validatorSlashes(v, 0, 100));
  }
  add("mint.params", (c) => c.query.mint.params());
  add("mint.inflation", (c) => c.query.mint.inflation());
  add("mint.annualProvisions", (c) => c.query.mint.annualProvisions());
  add("slashing.params", (c) => c.query.slashing.params());
  add("slashing.signingInfo", (c) => c.query.slashing.signingInfo(cons), { shape: true });
  add("slashing.signingInfo of nobody", (c) => c.query.slashing.signingInfo(addresses.consensus.format(new Uint8Array(20).fill(7))));
  add("slashing.signingInfos", (c) => c.query.slashing.signingInfos(), { shape: true });
  for (const [granter, grantee] of [[ann, cid], [ben, cid], [ann, "garbage"]] as const) {
    add(`authz.grants ${granter} ${grantee}`, (c) => c.query.authz.grants(granter, grantee, ""));
    add(`feegrant.allowance ${granter} ${grantee}`, (c) => c.query.feegrant.allowance(granter, grantee));
  }
  add("authz.granteeGrants", (c) => c.query.authz.granteeGrants(cid));
  add("authz.granterGrants", (c) => c.query.authz.granterGrants(ann));
  add("feegrant.allowances", (c) => c.query.feegrant.allowances(cid));
  add("tx.getTx", async (c, m) => {
    const { tx: found, txResponse } = await c.query.tx.getTx(m.hash);
    return { found, txResponse: { ...txResponse, height: txResponse?.height === BigInt(m.height), timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(txResponse?.timestamp ?? "") } };
  });
  add("tx.getTx of nothing", (c) => c.query.tx.getTx("AB".repeat(32)));
  add("tx.simulate", async (c) => {
    const { sequence } = await c.stargate.getSequence(ann);
    const pubkey = encodeSecp256k1Pubkey(new Uint8Array(33).fill(2));
    const { gasInfo, result } = await c.query.tx.simulate([registry.encodeAsAny({ typeUrl: "/cosmos.staking.v1beta1.MsgDelegate", value: { delegatorAddress: ann, validatorAddress: valoper, amount: bond(5) } })], "foo", pubkey, sequence);
    return { wanted: gasInfo?.gasWanted, used: (gasInfo?.gasUsed ?? 0n) > 101_000n, result };
  });
  ibc(add);

  // transactions as bytes, and the engine's own questions
  add("getTx", async (c, m) => ({ ...(await c.stargate.getTx(m.hash)), height: 0 }));
  add("getTx of nothing", (c) => c.stargate.getTx("AB".repeat(32)));
  add("searchTx by events", async (c) => (await c.stargate.searchTx([{ key: "message.sender", value: ann }])).map(({ hash, code, gasWanted, tx: bytes, rawLog }) => ({ hash, code, gasWanted, bytes, rawLog })));
  add("searchTx by text", async (c) => (await c.stargate.searchTx(`transfer.recipient='${ben}' AND message.action='/cosmos.bank.v1beta1.MsgSend'`)).map(({ hash }) => hash));
  add("sign", async (c, m) => {
    const client = await c.direct(A);
    const { accountNumber, sequence } = await c.stargate.getSequence(ann);
    m.signed = TxRaw.encode(await client.sign(ann, [send(ann, ben, 11)], fee, "signed", { accountNumber, sequence, chainId: face.chainId })).finish();
    return m.signed;
  });
  add("broadcastTx", async (c, m) => outcome(await c.stargate.broadcastTx(m.signed, 30_000, 200)));
  add("broadcastTx again", async (c, m) => outcome(await c.stargate.broadcastTx(m.signed, 30_000, 200)));
  add("broadcastTxSync of garbage", (c) => c.stargate.broadcastTxSync(new Uint8Array([1, 2, 3])));
  add("signAndBroadcastSync", async (c) => (await c.direct(A)).signAndBroadcastSync(ann, [send(ann, ben, 12)], fee));
  settled("it is in a block");
  add("broadcastTxSync", async (c) => {
    const client = await c.direct(A);
    return c.stargate.broadcastTxSync(TxRaw.encode(await client.sign(ann, [send(ann, ben, 13)], fee, "")).finish());
  });
  settled("it is in a block, too");
  multisig(add, { face, ann, send, fee });

  const comet = (name: string, run: (c: Clients["comet"], m: Memory) => Promise<unknown>, full = false) => add(`comet.${name}`, (c, m) => run(c.comet, m), { shape: !full });
  comet("status", (c) => c.status());
  comet("abciInfo", async (c) => typeof (await c.abciInfo()).lastBlockHeight);
  comet("health", (c) => c.health());
  comet("genesis", async (c) => ({ ...(await c.genesis()), appState: undefined }));
  comet("block", async (c) => ({ ...(await c.block(3)), block: { ...(await c.block(3)).block, txs: [] } }));
  comet("blockResults", async (c, m) => ({ results: (await c.blockResults(m.height)).results.filter((r) => r.gasWanted > 0n) }));
  comet("blockchain", (c) => c.blockchain(2, 4));
  comet("blockSearch", async (c, m) => (await c.blockSearch({ query: `block.height=${m.height}` })).totalCount, true);
  comet("blockSearchAll", async (c, m) => (await c.blockSearchAll({ query: `block.height=${m.height}` })).totalCount, true);
  comet("commit", (c) => c.commit(3));
  comet("validators", (c) => c.validators({ height: 2 }), true);
  comet("validatorsAll", (c) => c.validatorsAll(2), true);
  comet("numUnconfirmedTxs", (c) => c.numUnconfirmedTxs());
  comet("tx", async (c, m) => ({ ...(await c.tx({ hash: Buffer.from(m.hash, "hex") })), height: 0, index: 0 }), true);
  comet("txSearch", async (c) => (await c.txSearch({ query: `message.sender='${ben}'`, page: 1, per_page: 5 })).txs.map(({ hash, result }) => ({ hash, events: result.events })), true);
  comet("txSearchAll", async (c) => (await c.txSearchAll({ query: `message.sender='${ben}'` })).totalCount, true);
  comet("abciQuery of nothing", (c) => c.abciQuery({ path: "/none.Query/None", data: new Uint8Array(0) }));
  comet("abciQuery with a proof", async (c) => {
    const { code, proof, value, key } = await c.abciQuery({ path: "/store/bank/key", data: new Uint8Array([2, 20, ...addresses.parse(ann), ...Buffer.from(face.fee)]), prove: true });
    return { code, key, value, ops: proof?.ops.map(({ type }) => type) };
  });
  add("broadcastTxCommit", async (c) => {
    const raw = TxRaw.encode(await (await c.direct(A)).sign(ann, [send(ann, ben, 14)], fee, "")).finish();
    const { checkTx, deliverTx, hash } = await c.comet.broadcastTxCommit({ tx: raw });
    return { checkTx: { code: checkTx.code, log: checkTx.log, wanted: checkTx.gasWanted }, deliverTx: { ...deliverTx, gasUsed: 0 }, hash };
  });
  add("comet.broadcastTxSync", async (c) => {
    const raw = TxRaw.encode(await (await c.direct(A)).sign(ann, [send(ann, ben, 17)], fee, "")).finish();
    const { code, log, hash, gasWanted } = await c.comet.broadcastTxSync({ tx: raw });
    return { code, log, hash, gasWanted, again: await c.comet.broadcastTxSync({ tx: raw }).catch((e: unknown) => (e as Error).message) };
  });
  settled("it is in a block once more");
  add("broadcastTxAsync", async (c) => {
    const raw = TxRaw.encode(await (await c.direct(A)).sign(ann, [send(ann, ben, 15)], fee, "")).finish();
    return (await c.comet.broadcastTxAsync({ tx: raw })).hash;
  });
  settled("it is in a block as well");
  // Last of what is paid for: what gas costs here and there is not quite the same.
  add("sendTokens with an automatic fee", async (c) => (await (await c.direct(C)).sendTokens(cid, ann, [coin(3)], "auto")).code);
  add("subscribeNewBlock", async (c) => first((await c.socket()).subscribeNewBlock()).then((b) => ({ ...b, txs: [], evidence: [] })), { shape: true });
  add("subscribeNewBlockHeader", async (c) => first((await c.socket()).subscribeNewBlockHeader()), { shape: true });
  add("subscribeTx", async (c) => {
    const seen = first((await c.socket()).subscribeTx(`transfer.recipient='${cid}'`));
    const client = await c.direct(B);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await client.sendTokens(ben, cid, [coin(16)], fee);
    const { tx: bytes, hash } = await seen;
    return { bytes, hash };
  });

  // the proposal's end
  settled("before the end");
  add("gov.proposal at its end", async (c, { rpc }) => until("the vote's end", 60_000, async () => {
    const { proposal } = await c.query.gov.proposal(1);
    return (proposal?.status ?? 0) > 2 ? { ...proposal, submitTime: 0, depositEndTime: 0, votingStartTime: 0, votingEndTime: 0, rpc: rpc !== "" } : undefined;
  }, 500));
  return calls;
}

type Add = (name: string, run: Call["run"], o?: { readonly shape?: boolean }) => void;

/** There is no IBC on either chain: every question of it is refused. */
function ibc(add: Add): void {
  const channel: Readonly<Record<string, readonly unknown[]>> = { channel: ["transfer", "channel-0"], connectionChannels: ["connection-0"], allConnectionChannels: ["connection-0"], packetCommitment: ["transfer", "channel-0", 1] };
  const args = (name: string): readonly unknown[] => channel[name] ?? (/^(all)?(channels|states|statesTm|connections|denomTraces)$|^params$/i.test(name) ? [] : ["transfer", "channel-0", 1, 1]);
  for (const part of ["channel", "client", "connection", "transfer"] as const) {
    add(`ibc.${part}`, async (c) => {
      const asked = c.query.ibc[part] as unknown as Readonly<Record<string, (...a: readonly unknown[]) => Promise<unknown>>>;
      const answers: Record<string, unknown> = {};
      for (const [name, ask] of Object.entries(asked)) {
        void ask;
        answers[name] = await (asked[name] as (...a: readonly unknown[]) => Promise<unknown>)(...args(name)).catch((e: unknown) => ({ refused: (e as Error).message }));
      }
      return answers;
    });
  }
}

/** Two of three sign for an account of theirs. */
function multisig(add: Add, { face, ann, send, fee }: { readonly face: Setting["face"]; readonly ann: string; readonly send: (from: string, to: string, amount: number) => EncodeObject; readonly fee: { readonly amount: readonly { readonly denom: string; readonly amount: string }[]; readonly gas: string } }): void {
  const names = ["account 3", "account 4", "account 5"] as const;
  const group = async () => {
    const keys = await Promise.all(names.map(async (n) => encodeSecp256k1Pubkey(Secp256k1.compressPubkey((await Secp256k1.makeKeypair(keyOf(n))).pubkey))));
    const key = createMultisigThresholdPubkey(keys, 2);
    return { key, address: pubkeyToAddress(key, face.prefix) };
  };
  add("a group's account gets coins", async (c) => outcome(await (await c.direct("account 0")).signAndBroadcast(ann, [send(ann, (await group()).address, 100_000)], fee)));
  add("a group's account", async (c) => ({ ...(await c.stargate.getAccount((await group()).address)), accountNumber: 0 }));
  add("two of three sign", async (c) => {
    const { key, address } = await group();
    const { accountNumber, sequence } = await c.stargate.getSequence(address);
    const signatures = new Map<string, Uint8Array>();
    let bodyBytes: Uint8Array = new Uint8Array(0);
    for (const name of names.slice(0, 2)) {
      const client = await c.amino(name);
      const signer = pubkeyToAddress(encodeSecp256k1Pubkey(Secp256k1.compressPubkey((await Secp256k1.makeKeypair(keyOf(name))).pubkey)), face.prefix);
      const raw = await client.sign(signer, [send(address, ann, 5)], fee, "ours", { accountNumber, sequence, chainId: face.chainId });
      signatures.set(signer, raw.signatures[0] as Uint8Array);
      bodyBytes = raw.bodyBytes;
    }
    const { transactionHash, events, ...rest } = outcome(await c.stargate.broadcastTx(makeMultisignedTxBytes(key, sequence, fee, bodyBytes, signatures))) as DeliverTxResponse;
    // The group's account has another number on either chain, so its signatures differ.
    const told = events.map((e) => ({ ...e, attributes: e.attributes.map((a) => (a.key === "signature" ? { ...a, value: a.value.length } : a)) }));
    return { ...rest, events: told, hash: transactionHash.length };
  });
  add("a group's account, after it", async (c) => ({ ...(await c.stargate.getAccount((await group()).address)), accountNumber: 0 }));
}

export const answerOf = async (call: Call, c: Clients, m: Memory): Promise<Plain> => {
  try {
    const value = await call.run(c, m);
    return call.shape ? shape(value) : plain(value);
  } catch (e) {
    return { refused: (e as Error).message };
  }
};
