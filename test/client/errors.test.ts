/**
 * Everything that a client can get wrong, against a real node: one line that names what is wrong and what to do, an exit
 * code that is not 0, and nothing sent: no coin, no task, no transaction of the account.
 */
import test, { type ExecutionContext } from "ava";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balanceOf } from "#client/chain/balance.js";
import { connectChain, type RpcChain } from "#client/chain/index.js";
import { tasks } from "#testnet/state.js";
import { type TestNetwork, testNetwork } from "#test/network/network.js";
import { BAD_TASKS, writeTask } from "./bad-tasks.js";
import { type Ended, run, type Surroundings } from "./pouwd.js";

let network: TestNetwork;
let chain: RpcChain;
let before: Possessions;
const dir = mkdtempSync(join(tmpdir(), "pouwd-errors-"));
const taskDir = join(dir, "tasks");
mkdirSync(taskDir);
const good = writeTask(taskDir, "good");

interface Possessions {
  readonly balances: readonly bigint[];
  readonly sequences: readonly (bigint | undefined)[];
  readonly tasks: number;
}

test.before(async () => {
  network = await testNetwork({ validators: 1, miners: 0, supervisors: 0, evaluators: 0, blockTime: 300 });
  chain = await connectChain({ rpc: network.rpc });
  before = await possessions();
  if (before.balances[0] !== 1_000_000_000_000n) throw new Error(`the client has ${before.balances[0]} at first`);
});
test.after.always(async () => {
  await network?.down();
  rmSync(dir, { recursive: true, force: true });
});

const account = (name: string): string => network.facts().accounts.find((a) => a.name === name)?.address ?? "";

/** Of the two accounts that the cases sign with. */
async function possessions(): Promise<Possessions> {
  const addresses = [account("client"), account("alice")];
  return {
    balances: await Promise.all(addresses.map((a) => balanceOf(chain, a, "upouw"))),
    sequences: await Promise.all(addresses.map(async (a) => (await chain.account(a))?.sequence)),
    tasks: (await tasks(chain)).length,
  };
}

const around = (o: Partial<Surroundings> = {}): Surroundings => ({ home: join(network.dir, "client"), node: network.rpc, ...o });

/** A port on which nobody listens: one that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One line on standard error that matches, nothing on standard output, exit code 1, and nothing changed on chain. */
async function refused(t: ExecutionContext, what: string, ended: Ended, ...says: RegExp[]): Promise<void> {
  t.is(ended.code, 1, `${what}: exit code; ${ended.stderr}`);
  t.is(ended.lines.length, 1, `${what}: one line; ${ended.stderr}`);
  const line = ended.lines[0] ?? "";
  t.true(line.startsWith("✖ "), `${what}: ${line}`);
  for (const say of says) t.regex(line, say, what);
  t.is(ended.stdout, "", what);
  t.deepEqual(await possessions(), before, `${what}: nothing is sent`);
  t.log(line.replaceAll(dir, "…").replaceAll(network.dir, "…"));
}

for (const bad of BAD_TASKS) {
  test.serial(`task submit refuses ${bad.what}`, async (t) => {
    const path = writeTask(taskDir, "bad", bad);
    const ended = await run(["task", "submit", path, "--from", "client"], around());
    await refused(t, bad.what, ended, bad.remedy);
    const line = (ended.lines[0] ?? "").slice(2);
    // a fault of the task file begins with its place there; one of a data file with the data file's
    t.regex(line.startsWith(path) ? line.slice(path.length) : line, bad.place);
  });
}

test.serial("the file of a task that is not there, and a file that is a folder, are named", async (t) => {
  const submit = (path: string) => run(["task", "submit", path, "--from", "client"], around());
  await refused(t, "no file", await submit(join(taskDir, "none.yaml")), /none\.yaml: there is no such file/);
  await refused(t, "a folder", await submit(taskDir), /is a folder, want a file/);
});

test.serial("a key that is not there, or none, is refused with the names there are", async (t) => {
  const submit = (...from: string[]) => run(["task", "submit", good, ...from], around());
  await refused(t, "unknown", await submit("--from", "nobody"), /there is no key nobody in .*There are: alice, bob, client, /);
  await refused(t, "none", await submit(), /--from is missing: name the key that signs\. `pouwd keys list` shows them/);
  await refused(t, "unknown address", await submit("--from", "pouw1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq88rtqn"), /no key in .* has the address pouw1q.*There are: alice/);
  await refused(t, "no name", await submit("--from", "a b"), /key name "a b": want letters, digits, - and _/);
});

test.serial("a wrong passphrase, or none, is refused and tells what to do", async (t) => {
  const home = join(dir, "sealed");
  const sealed = (passphrase?: string) => around({ home, env: { POUWD_KEYRING_BACKEND: "file", ...(passphrase ? { POUWD_PASSPHRASE: passphrase } : {}) } });
  const made = await run(["keys", "add", "me"], sealed("correct horse"));
  t.is(made.code, 0, made.stderr);
  const submit = (s: Surroundings) => run(["task", "submit", good, "--from", "me"], s);
  await refused(t, "wrong", await submit(sealed("battery staple")), /the passphrase of the key me is another one\. Try again: POUWD_PASSPHRASE was used/);
  await refused(t, "none", await submit(sealed()), /the keyring wants its passphrase: set POUWD_PASSPHRASE, or run in a terminal/);
  await refused(t, "short", await run(["keys", "add", "you"], sealed("short")), /the passphrase has 5 characters, want at least 8/);
  // the right one gets past the key, to an account without coins
  await refused(t, "right", await submit(sealed("correct horse")), /task\.fee: .*the account pouw1\w+ has 0\.000000 POUW/);
});

test.serial("an account without funds is refused before anything is sent", async (t) => {
  const home = join(dir, "poor");
  const made = await run(["keys", "add", "poor"], around({ home }));
  t.is(made.code, 0, made.stderr);
  const poor = around({ home });
  await refused(t, "a task", await run(["task", "submit", good, "--from", "poor"], poor), /good\.yaml:23:6 task\.fee: 1000\.000000 POUW and a bond of 200\.000000 POUW are 1200\.000000 POUW, the account pouw1\w+ has 0\.000000 POUW\. Send it coins/);
  await refused(t, "coins", await run(["tx", "bank", "send", "poor", account("bob"), "1POUW"], poor), /the amount is 1\.000000 POUW, the account pouw1\w+ has 0\.000000 POUW\. Send less, or from another key/);
  await refused(t, "more than there is", await run(["tx", "bank", "send", "alice", account("bob"), "1000001POUW"], around()), /the amount is 1000001\.000000 POUW, the account pouw1\w+ has 1000000\.000000 POUW/);
  await refused(t, "a message", await run(["tx", "send-message", "MsgCancelTask", '{"task_id": 1}', "--from", "poor"], poor), /account pouw1\w+ is not on the chain pouw-local-1: send it coins first, or give --from another key/);
});

test.serial("a wrong node, a wrong chain and an address that is none are told apart", async (t) => {
  const submit = (s: Partial<Surroundings>, ...more: string[]) => run(["task", "submit", good, "--from", "client", ...more], around(s));
  await refused(t, "nobody listens", await submit({ node: `http://127.0.0.1:${await unusedPort()}` }), /the node at http:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED\. Is it running\? Give another one with --node/);
  await refused(t, "no address", await submit({ node: "not an address" }), /--node is "not an address", want an RPC address such as http:\/\/127\.0\.0\.1:26657/);
  await refused(t, "another chain", await submit({}, "--chain-id", "cosmoshub-4"), /--chain-id is cosmoshub-4, the node at http:\S+ is of the chain pouw-local-1\. Give --chain-id pouw-local-1, or --node/);
  const web = createServer((_q, r) => r.end("<html>")).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  await refused(t, "a web server", await submit({ node: `http://127.0.0.1:${(web.address() as AddressInfo).port}` }), /the node at \S+ cannot be reached: .*Give another one with --node/);
  web.close();
});

test.serial("coins are not sent to a wrong address, in a wrong coin or in a wrong amount", async (t) => {
  const send = (to: string, amount: string, ...more: string[]) => run(["tx", "bank", "send", "client", to, amount, ...more], around());
  await refused(t, "address", await send("pouw1abc", "1POUW"), /"pouw1abc" is not a bech32 address: invalid address\. Give an address of this chain/);
  await refused(t, "another chain's", await send("cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4", "1POUW"), /has prefix cosmos, want pouw: invalid address\. Give an address of this chain: `pouwd keys list --prefix pouw` shows yours\.$/);
  await refused(t, "coin", await send(account("bob"), "1uatom"), /got "1uatom", want POUW or upouw/);
  await refused(t, "amount", await send(account("bob"), "lots"), /got "lots", want an amount such as 1000 POUW/);
  await refused(t, "nothing", await send(account("bob"), "0upouw"), /the amount is 0, want at least 1 base unit/);
  await refused(t, "gas price", await send(account("bob"), "1upouw", "--gas-prices", "cheap"), /--gas-prices is "cheap", want an amount and a denomination/);
  await refused(t, "gas", await send(account("bob"), "1upouw", "--gas", "lots"), /--gas is "lots", want a whole number, or auto/);
});

test.serial("commands, options and requests that do not exist are named, with what is near", async (t) => {
  const says = async (args: string[], ...say: RegExp[]) => refused(t, args.join(" "), await run(args, around()), ...say);
  await says(["task", "submt"], /unknown command 'submt' \(Did you mean submit\?\)\. --help/);
  await says(["task", "submit", good, "--frm", "client"], /unknown option '--frm' \(Did you mean --from\?\)/);
  await says(["task", "show", "seven"], /want a task's number/);
  await says(["task", "show", "999"], /task 999 not found\. Check the number: `pouwd task list`/);
  await says(["task", "resume", "999", "--from", "client"], /task 999 was not submitted from .*Give the --home that submitted it/);
  await says(["query", "task", "1"], /unknown command 'task' \(Did you mean tasks\?\)\. --help/);
  await says(["query", "tasks", "task", "{id: 1}"], /the request is not JSON: .*double quotes/);
  await says(["query", "tasks", "task", '{"idd": 1}'], /idd: there is no such field; there are id/);
  await says(["tx", "send-message", "MsgAddStak", "{}", "--from", "client"], /MsgAddStak is no message of this chain\. Did you mean MsgAddStake\?/);
  await says(["tx-result", "abc"], /got "abc", want a transaction's hash/);
  await says(["keys", "delete", "client"], /asks before it deletes client, and this is no terminal: give --yes/);
});

test.serial("--output json tells an error as one JSON object with a code", async (t) => {
  const json = async (...args: string[]) => {
    const ended = await run([...args, "--output", "json"], around());
    t.deepEqual([ended.code, ended.lines.length, ended.stdout], [1, 1, ""], ended.stderr);
    const { error, ...rest } = JSON.parse(ended.stderr) as { error: { code: string; message: string } };
    t.deepEqual(rest, {});
    return error;
  };
  const task = await json("task", "submit", writeTask(taskDir, "bad", { change: [["batch: 20", "batch: 0"]] }), "--from", "client");
  t.is(task.code, "task_file");
  t.regex(task.message, /bad\.yaml:17:8 task\.batch: expected at least 1, got 0/);
  t.is((await json("task", "submit", good, "--from", "nobody")).code, "key");
  t.is((await json("task", "show", "999")).code, "sdk/22");
  t.is((await json("task", "nosuch")).code, "usage");
  t.deepEqual(await possessions(), before);
});

test.serial("after all of that the chain holds no task, and the accounts what they had", async (t) => {
  t.deepEqual(await possessions(), before);
  t.is(before.tasks, 0);
  // and the same command with nothing wrong does send: what was refused was not refused for another reason
  const sent = await run(["tx", "bank", "send", "alice", account("bob"), "5upouw", "--note", "thanks", "--chain-id", "pouw-local-1", "--yes"], around());
  t.is(sent.code, 0, sent.stderr);
  const paid = (before.balances[1] as bigint) - 5n - ((await possessions()).balances[1] as bigint);
  t.true(paid > 0n && paid < 1_000n, `and pays for it: ${paid}`);
});
