import test from "ava";
import { GenericAuthorization } from "#proto/gen/cosmos/authz/v1beta1/authz.js";
import { AuthzQuery } from "#proto/gen/cosmos/authz/v1beta1/query.js";
import { MsgMultiSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgCreateValidator, MsgEditValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { MsgAddStake } from "#proto/gen/pouw/workers/v1/tx.js";
import { services } from "#proto/gen/registry.js";
import { type Codec, type ServiceInfo } from "#proto/wire.js";
import { CliError } from "../cli-error.js";
import { answerJson, kebab, messageFrom, messageType, queryRequest, serviceCommands } from "./services.js";

const codec = (c: unknown): Codec<unknown> => c as Codec<unknown>;
const queries = serviceCommands(services, "Query");
const messages = serviceCommands(services, "Msg");
const commandOf = (module: string, name: string) => queries.find((m) => m.module === module)?.commands.find((c) => c.name === name);

test("every query service of the registry is a group of commands, every method a command with its texts and paths", (t) => {
  const declared = services.filter((s) => s.name.endsWith(".Query"));
  t.is(queries.length, declared.length);
  for (const module of ["auth", "bank", "tasks", "work"]) t.true(queries.some((m) => m.module === module), module);
  const all = queries.flatMap((m) => m.commands);
  t.is(all.length, declared.flatMap((s) => Object.keys(s.methods)).length);
  for (const { name, description, help, method } of all) {
    t.regex(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    t.not(description, "", method.path);
    t.true(help.includes(`gRPC path: ${method.path}`) && (!method.rest || help.includes(`REST path: GET ${method.rest.path}`)), method.path);
  }
});

test("a service that a new .proto file declares has its commands at once, and two of one module are refused", (t) => {
  const made: ServiceInfo = { name: "pouw.gov.v1.Query", comment: "Votes.", methods: { openVotes: { ...TasksQuery.methods.task, name: "OpenVotes", path: "/pouw.gov.v1.Query/OpenVotes", comment: "What is voted on." } } };
  const [gov] = serviceCommands([made], "Query");
  t.deepEqual([gov?.module, gov?.description, gov?.commands[0]?.name, gov?.commands[0]?.description], ["gov", "Votes.", "open-votes", "What is voted on."]);
  t.throws(() => serviceCommands([made, { ...made, name: "cosmos.gov.v1beta1.Query" }], "Query"), { message: /two services are Query of a module gov/ });
  t.deepEqual(serviceCommands([made, { ...made, name: "pouw.v1.Bus" }], "Msg"), [], "other services are no commands");
  t.deepEqual(serviceCommands(["v1beta1", "v1", "v2"].map((v) => ({ ...made, name: `cosmos.gov.${v}.Query` })), "Query").map((m) => m.module), ["gov-v1beta1", "gov-v1", "gov"], "older forms have their version");
});

test("method names become words with dashes", (t) => {
  t.deepEqual(["Task", "TaskState", "AccountAddressByID", "Bech32Prefix", "DenomsMetadata"].map(kebab), ["task", "task-state", "account-address-by-id", "bech32-prefix", "denoms-metadata"]);
});

test("a query takes its first field by value and the others as JSON, or nothing where the request is empty", (t) => {
  const names = (module: string, name: string) => commandOf(module, name)?.arguments.map((a) => a.name);
  t.deepEqual(names("tasks", "task"), ["id"]);
  t.deepEqual(names("bank", "balance"), ["address", "json"]);
  t.deepEqual(names("bank", "total-supply"), ["json"], "a page is no value");
  t.deepEqual(names("tasks", "params"), []);
});

test("help tells the fields with what stands inside them, with their comments", (t) => {
  t.regex(commandOf("bank", "all-balances")?.help ?? "", /pagination +PageRequest[\s\S]*\n {4}limit +uint64/);
  t.regex(commandOf("tasks", "task-state")?.help ?? "", /lowest_anchored_round +uint64 +A; absent before any anchor/);
  const create = messages.find((m) => m.module === "tasks")?.commands.find((c) => c.name === "create-task");
  t.regex(create?.help ?? "", /\n {4}loss +enum +one of LOSS_UNSPECIFIED, LOSS_SOFTMAX/);
  t.regex(create?.help ?? "", /Signed by: client, which may be left out/);
});

test("a request is read from a value, from JSON, or from both", (t) => {
  const { task, tasks } = TasksQuery.methods;
  const { balance } = BankQuery.methods;
  t.deepEqual(queryRequest(task, ["7"]), { id: 7n });
  t.deepEqual(queryRequest(task, ['{"id": "7"}']), { id: 7n });
  t.is((queryRequest(tasks, [undefined]) as { limit: number }).limit, 0);
  t.deepEqual(queryRequest(balance, ["pouw1a", '{"denom": "ibc/A"}']), { address: "pouw1a", denom: "ibc/A" });
  t.deepEqual(queryRequest(balance, ['{"address": "pouw1a", "denom": "upouw"}']), { address: "pouw1a", denom: "upouw" });
});

test("a request that is none is refused with what is wrong", (t) => {
  const { task } = TasksQuery.methods;
  const refused = (args: string[], message: RegExp) => t.throws(() => queryRequest(task, args), { instanceOf: CliError, message });
  refused(["{id: 1}"], /^the request is not JSON: .*double quotes/);
  refused(['{"idd": 1}'], /^idd: there is no such field; there are id\.$/);
  refused(["seven"], /^id: got "seven", want a whole number from 0/);
  refused(["7", '{"id": 8}'], /^id is given twice\.$/);
  refused([], /^id is missing\. --help/);
  refused(["7", "8"], /^the request's other fields is 8, want JSON/);
  t.throws(() => queryRequest(BankQuery.methods.totalSupply, ["5"]), { instanceOf: CliError, message: /want JSON such as/ });
});

test("a message is found by its short name and by its full one, and what is near is told", (t) => {
  for (const name of ["MsgAddStake", "pouw.workers.v1.MsgAddStake", "/pouw.workers.v1.MsgAddStake"]) t.is(messageType(messages, name), codec(MsgAddStake), name);
  t.throws(() => messageType(messages, "MsgAddStak"), { instanceOf: CliError, message: /^MsgAddStak is no message of this chain\. Did you mean MsgAddStake\?$/ });
  t.throws(() => messageType(messages, "MsgBlockData"), { message: /no message of this chain\. There are .*MsgSend, / }, "only what a Msg service takes");
  const twice = [...messages, ...messages.filter((m) => m.module === "workers").map((m) => ({ ...m, commands: m.commands.map((c) => ({ ...c, method: { ...c.method, request: { ...c.method.request, typeUrl: "/other.v1.MsgAddStake" } } })) }))];
  t.throws(() => messageType(twice, "MsgAddStake"), { message: /name one of pouw\.workers\.v1\.MsgAddStake, other\.v1\.MsgAddStake/ });
});

test("who signs is filled in where one field says it and it is left out", (t) => {
  t.like(messageFrom(codec(MsgReportEquivocation), '{"task_id": 3}', "pouw1me"), { reporter: "pouw1me", taskId: 3n });
  t.like(messageFrom(codec(MsgCreateTask), '{"client": "pouw1you"}', "pouw1me"), { client: "pouw1you" });
  t.like(messageFrom(codec(MsgMultiSend), "{}", "pouw1me"), { inputs: [] });
  const [account, operator] = ["pouw1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnnhphmf", "pouwvaloper1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnxy4clk"];
  t.is((messageFrom(codec(MsgEditValidator), "{}", account) as MsgEditValidator).validatorAddress, operator, "a validator's operator");
  t.like(messageFrom(codec(MsgCreateValidator), '{"pubkey": {"@type": "/cosmos.crypto.ed25519.PubKey", "key": "AQI="}}', account), { pubkey: { typeUrl: "/cosmos.crypto.ed25519.PubKey", value: Uint8Array.of(10, 2, 1, 2) } });
  t.throws(() => messageFrom(codec(MsgAddStake), "[]", "pouw1me"), { instanceOf: CliError, message: /the message is \[\], want JSON/ });
});

test("an answer's Any is printed with its type and fields, and one of an unknown type as its bytes", (t) => {
  const method = AuthzQuery.methods.grants;
  const grant = (typeUrl: string) => ({ authorization: { typeUrl, value: GenericAuthorization.encode({ msg: "/x" }) }, expiration: undefined });
  t.deepEqual(answerJson(method, { grants: [grant(GenericAuthorization.typeUrl)], pagination: undefined }), { grants: [{ authorization: { "@type": GenericAuthorization.typeUrl, msg: "/x" }, expiration: null }], pagination: null });
  t.deepEqual(answerJson(method, { grants: [grant("/newer.Kind")], pagination: undefined })["grants"], [{ authorization: { type_url: "/newer.Kind", value: "CgIveA==" }, expiration: null }]);
});
