/** The Cosmos SDK's messages and services, held against cosmjs-types, which is generated from the SDK's own files. */
import { createBankAminoConverters, createDistributionAminoConverters, createGovAminoConverters, createStakingAminoConverters, createVestingAminoConverters } from "@cosmjs/stargate";
import test from "ava";
import * as auth from "cosmjs-types/cosmos/auth/v1beta1/auth";
import * as authGenesis from "cosmjs-types/cosmos/auth/v1beta1/genesis";
import * as authTx from "cosmjs-types/cosmos/auth/v1beta1/tx";
import * as authQuery from "cosmjs-types/cosmos/auth/v1beta1/query";
import * as authz from "cosmjs-types/cosmos/authz/v1beta1/authz";
import * as authzGenesis from "cosmjs-types/cosmos/authz/v1beta1/genesis";
import * as authzQuery from "cosmjs-types/cosmos/authz/v1beta1/query";
import * as authzTx from "cosmjs-types/cosmos/authz/v1beta1/tx";
import * as bankAuthz from "cosmjs-types/cosmos/bank/v1beta1/authz";
import * as bank from "cosmjs-types/cosmos/bank/v1beta1/bank";
import * as bankGenesis from "cosmjs-types/cosmos/bank/v1beta1/genesis";
import * as bankQuery from "cosmjs-types/cosmos/bank/v1beta1/query";
import * as bankTx from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as pagination from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { Coin, DecCoin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import * as ed25519 from "cosmjs-types/cosmos/crypto/ed25519/keys";
import * as multisig from "cosmjs-types/cosmos/crypto/multisig/keys";
import { CompactBitArray } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import * as secp256k1 from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import * as distribution from "cosmjs-types/cosmos/distribution/v1beta1/distribution";
import * as distributionGenesis from "cosmjs-types/cosmos/distribution/v1beta1/genesis";
import * as distributionQuery from "cosmjs-types/cosmos/distribution/v1beta1/query";
import * as distributionTx from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import * as mint from "cosmjs-types/cosmos/mint/v1beta1/mint";
import * as mintGenesis from "cosmjs-types/cosmos/mint/v1beta1/genesis";
import * as mintQuery from "cosmjs-types/cosmos/mint/v1beta1/query";
import * as mintTx from "cosmjs-types/cosmos/mint/v1beta1/tx";
import * as consensusQuery from "cosmjs-types/cosmos/consensus/v1/query";
import * as consensusTx from "cosmjs-types/cosmos/consensus/v1/tx";
import * as evidence from "cosmjs-types/cosmos/evidence/v1beta1/evidence";
import * as evidenceGenesis from "cosmjs-types/cosmos/evidence/v1beta1/genesis";
import * as evidenceQuery from "cosmjs-types/cosmos/evidence/v1beta1/query";
import * as evidenceTx from "cosmjs-types/cosmos/evidence/v1beta1/tx";
import * as feegrant from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import * as feegrantGenesis from "cosmjs-types/cosmos/feegrant/v1beta1/genesis";
import * as feegrantQuery from "cosmjs-types/cosmos/feegrant/v1beta1/query";
import * as feegrantTx from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import * as gov from "cosmjs-types/cosmos/gov/v1/gov";
import * as govGenesis from "cosmjs-types/cosmos/gov/v1/genesis";
import * as govQuery from "cosmjs-types/cosmos/gov/v1/query";
import * as govTx from "cosmjs-types/cosmos/gov/v1/tx";
import * as legacyGov from "cosmjs-types/cosmos/gov/v1beta1/gov";
import * as legacyGovQuery from "cosmjs-types/cosmos/gov/v1beta1/query";
import * as legacyGovTx from "cosmjs-types/cosmos/gov/v1beta1/tx";
import * as slashing from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import * as slashingGenesis from "cosmjs-types/cosmos/slashing/v1beta1/genesis";
import * as slashingQuery from "cosmjs-types/cosmos/slashing/v1beta1/query";
import * as slashingTx from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import * as stakingAuthz from "cosmjs-types/cosmos/staking/v1beta1/authz";
import * as staking from "cosmjs-types/cosmos/staking/v1beta1/staking";
import * as stakingGenesis from "cosmjs-types/cosmos/staking/v1beta1/genesis";
import * as stakingQuery from "cosmjs-types/cosmos/staking/v1beta1/query";
import * as stakingTx from "cosmjs-types/cosmos/staking/v1beta1/tx";
import * as engineParams from "cosmjs-types/tendermint/types/params";
import * as vesting from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import * as vestingTx from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { AuthInfo, Fee, ModeInfo, ModeInfo_Multi, ModeInfo_Single, SignerInfo, Tip, Tx, TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import * as upgrade from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import * as upgradeQuery from "cosmjs-types/cosmos/upgrade/v1beta1/query";
import * as upgradeTx from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import * as baseAbci from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import * as nodeQuery from "cosmjs-types/cosmos/base/node/v1beta1/query";
import * as engineQuery from "cosmjs-types/cosmos/base/tendermint/v1beta1/query";
import * as engineTypes from "cosmjs-types/cosmos/base/tendermint/v1beta1/types";
import * as txService from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Event, EventAttribute } from "cosmjs-types/tendermint/abci/types";
import { PublicKey } from "cosmjs-types/tendermint/crypto/keys";
import { DefaultNodeInfo, DefaultNodeInfoOther, ProtocolVersion } from "cosmjs-types/tendermint/p2p/types";
import * as engineBlock from "cosmjs-types/tendermint/types/block";
import * as engineEvidence from "cosmjs-types/tendermint/types/evidence";
import { BlockID, Commit, CommitSig, Data, Header, LightBlock, PartSetHeader, SignedHeader, Vote } from "cosmjs-types/tendermint/types/types";
import { Validator, ValidatorSet } from "cosmjs-types/tendermint/types/validator";
import { Consensus } from "cosmjs-types/tendermint/version/types";
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { Duration } from "cosmjs-types/google/protobuf/duration";
import { Any } from "cosmjs-types/google/protobuf/any";
import fc from "fast-check";
import { aminoJson } from "./amino.js";
import { MsgMultiSend, MsgSend } from "./gen/cosmos/bank/v1beta1/tx.js";
import { MsgCancelProposal, MsgSubmitProposal, MsgVote } from "./gen/cosmos/gov/v1/tx.js";
import { MsgDeposit as LegacyDeposit, MsgSubmitProposal as LegacySubmit, MsgVote as LegacyVote, MsgVoteWeighted as LegacyVoteWeighted } from "./gen/cosmos/gov/v1beta1/tx.js";
import { MsgBeginRedelegate, MsgCreateValidator, MsgDelegate, MsgEditValidator, MsgUndelegate } from "./gen/cosmos/staking/v1beta1/tx.js";
import { MsgFundCommunityPool, MsgSetWithdrawAddress, MsgWithdrawDelegatorReward, MsgWithdrawValidatorCommission } from "./gen/cosmos/distribution/v1beta1/tx.js";
import { MsgCreateVestingAccount } from "./gen/cosmos/vesting/v1beta1/tx.js";
import { codecs, services } from "./gen/registry.js";
import { type Codec, decodeCanonical, type FieldInfo } from "./wire.js";

/** A message type of cosmjs-types. */
interface Theirs {
  readonly typeUrl: string;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Record<string, unknown>;
}
type Rpc = { request(service: string, method: string, data: Uint8Array): Promise<Uint8Array> };
type Client = Record<string, (request: unknown) => Promise<unknown>>;

const modules = [auth, authGenesis, authQuery, authz, authzGenesis, authzQuery, authzTx, bankAuthz, feegrant, feegrantGenesis, feegrantQuery, feegrantTx, stakingAuthz, authTx, bank, bankGenesis, bankQuery, bankTx, pagination, consensusQuery, consensusTx, engineParams, evidence, evidenceGenesis, evidenceQuery, evidenceTx, { Coin, DecCoin }, ed25519, multisig, secp256k1, gov, govGenesis, govQuery, govTx, legacyGov, legacyGovQuery, legacyGovTx, upgrade, upgradeQuery, upgradeTx, distribution, distributionGenesis, distributionQuery, distributionTx, mint, mintGenesis, mintQuery, mintTx, slashing, slashingGenesis, slashingQuery, slashingTx, staking, stakingGenesis, stakingQuery, stakingTx, vesting, vestingTx, { Any }, { Timestamp }, { Duration }, { Header, BlockID, PartSetHeader, Commit, CommitSig, Data, LightBlock, SignedHeader, Vote }, { Validator, ValidatorSet }, engineBlock, engineEvidence, { PublicKey }, { DefaultNodeInfo, DefaultNodeInfoOther, ProtocolVersion }, { Event, EventAttribute }, baseAbci, nodeQuery, engineQuery, engineTypes, txService, { Consensus }, { CompactBitArray }, { AuthInfo, Fee, ModeInfo, ModeInfo_Multi, ModeInfo_Single, SignerInfo, Tip, Tx, TxBody }];
const isMessage = (v: unknown): v is Theirs => typeof v === "object" && v !== null && "typeUrl" in v;
/** Where cosmjs-types has another name than the SDK: for messages within messages. */
const NAMES: Readonly<Record<string, string>> = { "/cosmos.staking.v1beta1.Validators": "/cosmos.staking.v1beta1.StakeAuthorization.Validators" };
const theirs = new Map(modules.flatMap((m) => Object.values<unknown>(m)).filter(isMessage).map((m) => [NAMES[m.typeUrl] ?? m.typeUrl, m]));
const ours = new Map(codecs.map((c) => [c.typeUrl, c]));

/** What cosmjs-types has and we do not: private keys, and what the SDK keeps for itself. */
const LEFT_OUT = new Set([
  ...["MsgData", "SearchBlocksResult", "SearchTxsResult", "SimulationResponse", "TxMsgData"].map((name) => `/cosmos.base.abci.v1beta1.${name}`),
  "/cosmos.crypto.ed25519.PrivKey",
  "/cosmos.crypto.secp256k1.PrivKey",
  "/cosmos.distribution.v1beta1.CommunityPoolSpendProposal",
  "/cosmos.distribution.v1beta1.CommunityPoolSpendProposalWithDeposit",
  "/cosmos.staking.v1beta1.ValidatorUpdates",
]);
const pairs = [...theirs].filter(([url]) => !LEFT_OUT.has(url)).map(([url, their]) => ({ their, our: ours.get(url) as Codec<unknown> }));

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.nat(0xffffffff),
  uint64: fc.bigInt(0n, (1n << 64n) - 1n),
  int64: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
  string: fc.string({ unit: "grapheme", maxLength: 12 }),
  bytes: fc.uint8Array({ maxLength: 12 }),
};

/** cosmjs-types writes a list of numbers that is empty, which protobuf leaves out. */
const hasNumbers = (codec: Codec<unknown>, above: readonly string[] = []): boolean =>
  codec.fields.some((f) => (f.codec ? !above.includes(f.codec().typeUrl) && hasNumbers(f.codec(), [...above, codec.typeUrl]) : f.repeated === true && f.type.endsWith("int64")));

/** Of lists in lists: a mode of signing may hold others. */
const DEEPEST = 4;

/** Random messages, with every message inside that the SDK never leaves out. */
function messages(codec: Codec<unknown>, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const absent = theirs.get(codec.typeUrl)?.decode(new Uint8Array(0)) ?? {};
  const one = (f: FieldInfo): fc.Arbitrary<unknown> => (f.codec ? messages(f.codec(), depth + 1) : f.values ? fc.constantFrom(...Object.values(f.values)) : (SCALARS[f.type] as fc.Arbitrary<unknown>));
  const field = (f: FieldInfo): fc.Arbitrary<unknown> => {
    if (f.repeated) return depth >= DEEPEST ? fc.constant([]) : fc.array(one(f), { maxLength: 3 });
    return f.codec && absent[f.name] === undefined ? fc.option(one(f), { nil: undefined }) : one(f);
  };
  return fc.record(Object.fromEntries(codec.fields.map((f) => [f.name, field(f)])));
}

/** Without the absent, and with all bytes of one class. */
function plain(v: unknown): unknown {
  if (v instanceof Uint8Array) return [...v];
  if (Array.isArray(v)) return v.map(plain);
  if (typeof v !== "object" || v === null) return v;
  return Object.fromEntries(
    Object.entries(v)
      .filter(([, x]) => x !== undefined)
      .map(([k, x]) => [k, plain(x)]),
  );
}

test("every message of these packages is there, and none that the SDK does not have", (t) => {
  const packages = new Set([...theirs.keys()].map((url) => url.slice(0, url.lastIndexOf("."))));
  const have = [...ours.keys()].filter((url) => packages.has(url.slice(0, url.lastIndexOf("."))));
  t.deepEqual(have.sort(), [...theirs.keys()].filter((url) => !LEFT_OUT.has(url)).sort());
});

for (const { our, their } of pairs) {
  test(`${our.typeUrl} has the SDK's bytes`, (t) => {
    t.deepEqual(Object.keys(their.decode(new Uint8Array(0))).sort(), our.fields.map((f) => f.name).sort());
    const emptyLists = hasNumbers(our);
    fc.assert(
      fc.property(messages(our), (value) => {
        const bytes = our.encode(value);
        const decoded = their.decode(bytes);
        t.deepEqual(plain(decoded), plain(value));
        if (emptyLists) return;
        const again = their.encode(decoded).finish();
        t.deepEqual([...again], [...bytes]);
        t.deepEqual(plain(decodeCanonical(our, again)), plain(value));
      }),
      { numRuns: 50 },
    );
  });
}

/** Answers with random bytes of the method's response, and remembers what was asked. */
class Recorder implements Rpc {
  asked: { path: string; data: Uint8Array }[] = [];
  answer = new Uint8Array(0);

  async request(service: string, method: string, data: Uint8Array): Promise<Uint8Array> {
    this.asked.push({ path: `/${service}/${method}`, data });
    return this.answer;
  }
}

const CLIENTS: Readonly<Record<string, new (rpc: Rpc) => unknown>> = {
  "cosmos.auth.v1beta1.Query": authQuery.QueryClientImpl,
  "cosmos.authz.v1beta1.Msg": authzTx.MsgClientImpl,
  "cosmos.authz.v1beta1.Query": authzQuery.QueryClientImpl,
  "cosmos.bank.v1beta1.Query": bankQuery.QueryClientImpl,
  "cosmos.auth.v1beta1.Msg": authTx.MsgClientImpl,
  "cosmos.bank.v1beta1.Msg": bankTx.MsgClientImpl,
  "cosmos.vesting.v1beta1.Msg": vestingTx.MsgClientImpl,
  "cosmos.feegrant.v1beta1.Msg": feegrantTx.MsgClientImpl,
  "cosmos.feegrant.v1beta1.Query": feegrantQuery.QueryClientImpl,
  "cosmos.gov.v1.Query": govQuery.QueryClientImpl,
  "cosmos.gov.v1.Msg": govTx.MsgClientImpl,
  "cosmos.gov.v1beta1.Query": legacyGovQuery.QueryClientImpl,
  "cosmos.gov.v1beta1.Msg": legacyGovTx.MsgClientImpl,
  "cosmos.upgrade.v1beta1.Query": upgradeQuery.QueryClientImpl,
  "cosmos.upgrade.v1beta1.Msg": upgradeTx.MsgClientImpl,
};

for (const [name, Impl] of Object.entries(CLIENTS)) {
  test(`${name} has the SDK's methods, with their paths, requests and responses`, async (t) => {
    const methods = Object.values(services.find((s) => s.name === name)?.methods ?? {});
    const rpc = new Recorder();
    const client = new Impl(rpc) as Client;
    const names = Object.keys(client).filter((k) => typeof client[k] === "function");
    t.deepEqual(methods.map((m) => m.name).sort(), names.sort());
    for (const m of methods) {
      t.true(theirs.has(m.request.typeUrl) && theirs.has(m.response.typeUrl), m.path);
      t.not(m.comment, "", m.path);
      await fc.assert(
        fc.asyncProperty(messages(m.request), messages(m.response), async (request, response) => {
          rpc.asked = [];
          rpc.answer = Uint8Array.from(m.response.encode(response));
          t.deepEqual(plain(await client[m.name]?.(request)), plain(response));
          t.deepEqual(plain(rpc.asked), [{ path: m.path, data: [...m.request.encode(request)] }]);
        }),
        { numRuns: 20 },
      );
    }
  });
}

test("every query has a REST path below its package's, and what the path names is in the request", (t) => {
  for (const s of services.filter((x) => /^cosmos\..*\.Query$/.test(x.name))) {
    for (const m of Object.values(s.methods)) {
      t.is(m.rest?.verb, "get", m.path);
      const path = m.rest?.path ?? "";
      t.true(path.startsWith(`/${s.name.split(".").slice(0, -1).join("/")}/`), path);
      const fields = m.request.fields.map((f) => f.proto);
      for (const [, field] of path.matchAll(/\{(\w+)(?:=\*\*)?\}/g)) t.true(fields.includes(field as string), path);
    }
  }
});

test("transfers have the SDK's signers and amino JSON, empty lists included", (t) => {
  t.is(MsgSend.signer, "fromAddress");
  t.is(MsgMultiSend.signer, "inputs");
  t.is(ours.get("/cosmos.bank.v1beta1.Input")?.signer, "address");
  const converters = createBankAminoConverters();
  const coins = fc.array(fc.record({ denom: fc.string({ minLength: 1 }), amount: fc.string() }), { maxLength: 2 });
  const address = fc.string({ minLength: 1 });
  const part = fc.record({ address, coins });
  const check = (codec: Codec<unknown>, value: unknown): void => {
    const converter = converters[codec.typeUrl];
    t.is(codec.aminoName, converter?.aminoType);
    t.deepEqual(aminoJson(codec, value), converter?.toAmino(value));
  };
  fc.assert(fc.property(fc.record({ fromAddress: address, toAddress: address, amount: coins }), (m) => check(MsgSend as Codec<unknown>, m)));
  const lists = { inputs: fc.array(part, { maxLength: 2 }), outputs: fc.array(part, { maxLength: 2 }) };
  fc.assert(fc.property(fc.record(lists), (m) => check(MsgMultiSend as Codec<unknown>, m)));
});

test("amino JSON of distribution messages is what CosmJS signs", (t) => {
  const converters = createDistributionAminoConverters();
  const check = (codec: Codec<unknown>, value: unknown): void => {
    const converter = converters[codec.typeUrl];
    t.is(codec.aminoName, converter?.aminoType);
    t.deepEqual(aminoJson(codec, value), converter?.toAmino(value));
  };
  const [delegatorAddress, validatorAddress] = ["pouw1d", "pouwvaloper1v"];
  check(MsgSetWithdrawAddress as Codec<unknown>, { delegatorAddress, withdrawAddress: "pouw1w" });
  check(MsgWithdrawDelegatorReward as Codec<unknown>, { delegatorAddress, validatorAddress });
  // CosmJS writes another name for this one, which no chain of the Cosmos SDK accepts.
  t.is(MsgWithdrawValidatorCommission.aminoName, "cosmos-sdk/MsgWithdrawValCommission");
  t.deepEqual(aminoJson(MsgWithdrawValidatorCommission, { validatorAddress }), converters[MsgWithdrawValidatorCommission.typeUrl]?.toAmino({ validatorAddress }));
  check(MsgFundCommunityPool as Codec<unknown>, { depositor: "pouw1d", amount: [{ denom: "upouw", amount: "7" }] });
});

test("amino JSON of staking messages is what CosmJS signs", (t) => {
  const converters = createStakingAminoConverters();
  const check = (codec: Codec<unknown>, value: unknown): void => {
    const converter = converters[codec.typeUrl];
    t.is(codec.aminoName, converter?.aminoType);
    t.deepEqual(aminoJson(codec, value), converter?.toAmino(value));
  };
  const amount = { denom: "upouw", amount: "7" };
  const [delegatorAddress, validatorAddress] = ["pouw1d", "pouwvaloper1v"];
  check(MsgDelegate as Codec<unknown>, { delegatorAddress, validatorAddress, amount });
  check(MsgUndelegate as Codec<unknown>, { delegatorAddress, validatorAddress, amount });
  check(MsgBeginRedelegate as Codec<unknown>, { delegatorAddress, validatorSrcAddress: "pouwvaloper1a", validatorDstAddress: "pouwvaloper1b", amount });
  const description = { moniker: "m", identity: "i", website: "w", securityContact: "s", details: "d" };
  const pubkey = { typeUrl: "/cosmos.crypto.ed25519.PubKey", value: ed25519.PubKey.encode({ key: new Uint8Array(32).fill(3) }).finish() };
  const commission = { rate: "100000000000000000", maxRate: "200000000000000000", maxChangeRate: "10000000000000000" };
  check(MsgCreateValidator as Codec<unknown>, { description, commission, minSelfDelegation: "1", delegatorAddress, validatorAddress, pubkey, value: amount });
  check(MsgEditValidator as Codec<unknown>, { description, validatorAddress, commissionRate: "100000000000000000", minSelfDelegation: "2" });
});

test("amino JSON of a vesting account's message is what CosmJS signs, its end and its flag always there", (t) => {
  const converter = createVestingAminoConverters()["/cosmos.vesting.v1beta1.MsgCreateVestingAccount"];
  t.is(MsgCreateVestingAccount.aminoName, converter?.aminoType);
  const value = { fromAddress: "pouw1a", toAddress: "pouw1b", amount: [{ denom: "upouw", amount: "7" }], endTime: 9n, delayed: true };
  t.deepEqual(aminoJson(MsgCreateVestingAccount as Codec<unknown>, value), converter?.toAmino(value));
});

test("amino JSON of governance is what CosmJS signs, and that of the newer form what the SDK declares", (t) => {
  const converters = createGovAminoConverters();
  const check = (codec: Codec<unknown>, value: unknown): void => {
    const converter = converters[codec.typeUrl];
    t.is(codec.aminoName, converter?.aminoType);
    t.deepEqual(aminoJson(codec, value), converter?.toAmino(value));
  };
  const amount = [{ denom: "upouw", amount: "7" }];
  const text = { typeUrl: "/cosmos.gov.v1beta1.TextProposal", value: legacyGov.TextProposal.encode({ title: "t", description: "d" }).finish() };
  check(LegacySubmit as Codec<unknown>, { content: text, initialDeposit: amount, proposer: "pouw1a" });
  check(LegacySubmit as Codec<unknown>, { content: text, initialDeposit: [], proposer: "pouw1a" });
  check(LegacyVote as Codec<unknown>, { proposalId: 3n, voter: "pouw1a", option: 4 });
  check(LegacyVoteWeighted as Codec<unknown>, { proposalId: 3n, voter: "pouw1a", options: [{ option: 1, weight: "700000000000000000" }, { option: 3, weight: "300000000000000000" }] });
  check(LegacyDeposit as Codec<unknown>, { proposalId: 3n, depositor: "pouw1a", amount });

  const send = { typeUrl: MsgSend.typeUrl, value: MsgSend.encode({ fromAddress: "pouw1g", toAddress: "pouw1a", amount }) };
  const cancel = { typeUrl: MsgCancelProposal.typeUrl, value: MsgCancelProposal.encode({ proposalId: 1n, proposer: "pouw1g" }) };
  t.deepEqual(aminoJson(MsgSubmitProposal as Codec<unknown>, MsgSubmitProposal.create({ messages: [send, cancel], proposer: "pouw1a", title: "t", summary: "s" })), {
    messages: [
      { type: "cosmos-sdk/MsgSend", value: { from_address: "pouw1g", to_address: "pouw1a", amount } },
      { type: "/cosmos.gov.v1.MsgCancelProposal", value: { proposal_id: "1", proposer: "pouw1g" } },
    ],
    initial_deposit: [],
    proposer: "pouw1a",
    title: "t",
    summary: "s",
  });
  t.deepEqual(aminoJson(MsgVote as Codec<unknown>, MsgVote.create({ voter: "pouw1a", option: 1 })), { proposal_id: "0", voter: "pouw1a", option: 1 });
  const names = ["MsgSubmitProposal", "MsgDeposit", "MsgVote", "MsgVoteWeighted", "MsgExecLegacyContent", "MsgUpdateParams"].map((name) => ours.get(`/cosmos.gov.v1.${name}`)?.aminoName);
  t.deepEqual(names, ["cosmos-sdk/v1/MsgSubmitProposal", "cosmos-sdk/v1/MsgDeposit", "cosmos-sdk/v1/MsgVote", "cosmos-sdk/v1/MsgVoteWeighted", "cosmos-sdk/v1/MsgExecLegacyContent", "cosmos-sdk/x/gov/v1/MsgUpdateParams"]);

  let deep = send;
  for (let i = 0; i < 11; i++) deep = { typeUrl: MsgSubmitProposal.typeUrl, value: MsgSubmitProposal.encode(MsgSubmitProposal.create({ messages: [deep] })) };
  t.throws(() => aminoJson(MsgSubmitProposal as Codec<unknown>, MsgSubmitProposal.create({ messages: [deep] })), { message: "an Any within an Any deeper than 10" });
});
