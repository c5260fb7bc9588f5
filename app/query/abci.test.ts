import test from "ava";
import { Any } from "cosmjs-types/google/protobuf/any";
import { QueryAccountRequest, QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { QueryBalanceRequest, QueryDenomMetadataRequest } from "cosmjs-types/cosmos/bank/v1beta1/query";
import { SimulateRequest } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { makeEnvironment } from "#kernel/environment.js";
import { sdk } from "#kernel/errors.js";
import { nodeCrypto } from "#platform/crypto.js";
import { MsgCreateTask, MsgCreateTaskResponse } from "#proto/gen/pouw/tasks/v1/tx.js";
import { coin } from "#test/chain/chain.js";
import { spec } from "#test/chain/course.js";
import { Account, TestNode } from "#test/chain/node.js";
import { addressOf } from "#test/chain/genesis.js";
import { send } from "#test/chain/shaped-tx.js";
import { grpcError } from "./errors.js";

const environment = makeEnvironment(nodeCrypto, "pouw");
const address = (name: string): string => addressOf(environment, name);
const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as any;
const setUp = async (t: Parameters<typeof TestNode.start>[0]) => {
  const account = await Account.of("client");
  return { account, node: await TestNode.start(t, { balances: { [account.address]: 10_000_000n } }) };
};

test("a query that is no request, and one for what is not there, have the SDK's codes and gRPC's status", async (t) => {
  const { node, account } = await setUp(t);
  const balance = (of: string, denom = "upouw") => node.query("/cosmos.bank.v1beta1.Query/Balance", QueryBalanceRequest.encode({ address: of, denom }).finish());
  const told = ({ codespace, code, log }: { codespace: string; code: number; log: string }) => ({ codespace, code, log });
  t.deepEqual(told(balance("test")), { codespace: "sdk", code: 18, log: 'rpc error: code = InvalidArgument desc = invalid address: "test" is not a bech32 address: invalid request' });
  t.deepEqual(told(balance(account.address, "!")), { codespace: "sdk", code: 18, log: "rpc error: code = InvalidArgument desc = invalid denom: !: invalid request" });
  t.is(balance(account.address.toUpperCase()).code, 0, "in upper case it is the same address");
  t.is(balance(account.address).code, 0);
  const metadata = node.query("/cosmos.bank.v1beta1.Query/DenomMetadata", QueryDenomMetadataRequest.encode({ denom: "uatom" }).finish());
  t.deepEqual(told(metadata), { codespace: "sdk", code: 22, log: "rpc error: code = NotFound desc = client metadata for denom uatom: key not found" });
  t.like(node.query("/cosmos.bank.v1beta1.Query/Balance", Uint8Array.of(0x0a, 0x7f)), { code: 18, codespace: "sdk" });
  t.like(node.query("/cosmos.bank.v1beta1.Query/Balance", new Uint8Array(0), -1n), { code: 18, log: "cannot query with height < 0; please provide a valid height: invalid request" });
  t.like(node.query("/cosmos.bank.v1beta1.Query/Balance", new Uint8Array(0), 99n), { code: 26 });
  t.like(node.query("/no.such/Thing"), { code: 6 });
});

test("other errors are unknown to gRPC, faults of the program are none of the request's", (t) => {
  t.like(grpcError(sdk.insufficientFunds("5upouw")), { codespace: "sdk", code: 6, message: "5upouw: insufficient funds: unknown request" });
  t.like(grpcError(sdk.keyNotFound("task 9")), { code: 22, message: "rpc error: code = NotFound desc = task 9: key not found" });
  t.is(grpcError(new TypeError("x is not a function")), undefined);
});

test("the account of a pool is a ModuleAccount", async (t) => {
  const { node, account } = await setUp(t);
  const of = (a: string) => QueryAccountResponse.decode(node.query("/cosmos.auth.v1beta1.Query/Account", QueryAccountRequest.encode({ address: a }).finish()).value).account;
  t.is(of(account.address)?.typeUrl, "/cosmos.auth.v1beta1.BaseAccount");
  const pool = of(environment.addresses.module("tasks"));
  t.is(pool?.typeUrl, "/cosmos.auth.v1beta1.ModuleAccount");
  t.like(ModuleAccount.decode(pool?.value ?? new Uint8Array(0)), { name: "tasks", baseAccount: BaseAccount.fromPartial({ address: environment.addresses.module("tasks"), accountNumber: ModuleAccount.decode(pool?.value ?? new Uint8Array(0)).baseAccount?.accountNumber ?? 0n }) });
  t.like(node.query("/cosmos.auth.v1beta1.Query/Account", QueryAccountRequest.encode({ address: address("nobody") }).finish()), { code: 22, log: `rpc error: code = NotFound desc = account ${address("nobody")} not found: key not found` });
  t.like(node.query("/cosmos.auth.v1beta1.Query/Account"), { code: 18, log: "rpc error: code = InvalidArgument desc = Address cannot be empty: invalid request" });
});

test("the store of accounts answers the SDK's Any at the SDK's key", async (t) => {
  const { node, account } = await setUp(t);
  const key = (a: string) => Uint8Array.of(1, ...environment.addresses.parse(a));
  const at = (a: string) => Any.decode(node.query("/store/acc/key", key(a)).value);
  t.is(at(account.address).typeUrl, "/cosmos.auth.v1beta1.BaseAccount");
  t.is(BaseAccount.decode(at(account.address).value).address, account.address);
  t.is(at(environment.addresses.module("tasks")).typeUrl, "/cosmos.auth.v1beta1.ModuleAccount");
});

test("a simulation that fails is unknown to gRPC and keeps its own code at /app/simulate", async (t) => {
  const { node, account } = await setUp(t);
  const tx = await node.tx(account, [send(account.address, account.address, [coin(10_000_001n)])]);
  const why = "failed to execute message; message index: 0: spendable balance 10000000upouw is smaller than 10000001upouw: insufficient funds";
  const grpc = node.query("/cosmos.tx.v1beta1.Service/Simulate", SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes: tx })).finish());
  t.is(grpc.code, 6);
  t.regex(grpc.log, new RegExp(`^rpc error: code = Unknown desc = ${why} with gas used: '\\d+': unknown request$`));
  t.like(node.query("/app/simulate", tx), { codespace: "sdk", code: 5, log: `failed to simulate tx: ${why}` });
  t.like(node.query("/cosmos.tx.v1beta1.Service/Simulate"), { code: 18, log: "rpc error: code = InvalidArgument desc = empty txBytes is not allowed: invalid request" });
});

test("/app/simulate answers JSON", async (t) => {
  const { node, account } = await setUp(t);
  const create = MsgCreateTask.encode(MsgCreateTask.create({ client: account.address, spec: spec(nodeCrypto), fee: coin(1_000_000n), bond: coin(200_000n) }));
  const tx = await node.tx(account, [send(account.address), { typeUrl: MsgCreateTask.typeUrl, value: create }]);
  const { gas_info, result } = json(node.query("/app/simulate", tx).value);
  t.regex(gas_info.gas_used, /^\d{5,6}$/);
  t.deepEqual(result.msg_responses, [{ "@type": "/cosmos.bank.v1beta1.MsgSendResponse" }, { "@type": MsgCreateTaskResponse.typeUrl, id: "1" }]);
  t.deepEqual(result.events.find((e: any) => e.type === "transfer").attributes[0], { key: "recipient", value: account.address, index: false });
});

test("/app/invariants answers for the newest height only: a walk of the state for each block", async (t) => {
  const { node } = await setUp(t);
  await node.block([]);
  t.is(json(node.query("/app/invariants").value).height, "2");
  t.is(json(node.query("/app/invariants", new Uint8Array(0), 2n).value).height, "2");
  t.like(node.query("/app/invariants", new Uint8Array(0), 1n), { code: 18, log: "/app/invariants answers for the newest height, 2, and no other: ask without a height: invalid request" });
});
