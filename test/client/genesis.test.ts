/** `pouwd genesis` as a process: what it writes, and the one line with which it refuses. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { run } from "./pouwd.js";

const dir = mkdtempSync(join(tmpdir(), "pouwd-genesis-"));
test.after.always(() => rmSync(dir, { recursive: true, force: true }));

const home = join(dir, "home");
const genesis = join(home, "config", "genesis.json");
const pouwd = (...args: string[]) => run(args, { home, node: "http://127.0.0.1:1" });

test.serial("a genesis is begun, given accounts and a transaction, collected and tried; each refusal is one line with what to do", async (t) => {
  t.timeout(300_000);
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await pouwd(...args);
    t.is(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const refused = async (args: string[], line: RegExp): Promise<void> => {
    const { code, stdout, lines } = await pouwd(...args);
    t.deepEqual([code, stdout, lines.length], [1, "", 1], `${args.join(" ")}: ${stdout}${lines.join("\n")}`);
    t.regex(lines[0] ?? "", line);
  };
  await refused(["genesis", "validate"], /^✖ \S+\/config\/genesis\.json is missing\. Copy the chain's genesis there, or begin one: pouwd init --chain-id ID$/);
  await refused(["genesis", "gentx", "me", "1POUW"], /priv_validator_key\.json is missing: \S+ holds no validator\. Give --home of one, or make it: pouwd init/);
  await refused(["init", "one", "--chain-id", "x"], /--chain-id is "x", want 3 to 48 letters, digits and dashes/);
  const facts = JSON.parse(await done("init", "one", "--chain-id", "made-1")) as Record<string, string>;
  t.deepEqual([facts.moniker, facts.chainId], ["one", "made-1"]);
  await refused(["genesis", "validate"], /genesis\.json: validators: nobody signs the first block, want .* pouwd genesis gentx and collect-gentxs\.$/);
  await done("keys", "add", "me");
  await refused(["genesis", "gentx", "me", "100POUW"], /the transaction, of "one": fee payer address: pouw1\w+ does not exist: unknown address\. Its stake comes from the operator's balance in the genesis: pouwd genesis add-account\.$/);
  await done("genesis", "add-account", "me", "150.5pouw,7uatom");
  await refused(["genesis", "add-account", "me", "1POUW"], /is in the genesis already, with 7uatom,150500000upouw: give --append to add to it/);
  await refused(["genesis", "add-account", "me", "1.5upouw"], /got "1\.5upouw", base units have no fraction/);
  await refused(["genesis", "add-account", "nobody", "1POUW"], /✖ no key nobody here; there are me\. Give the name of one, or an address\.$/);
  const vested = ["genesis", "add-account", "pouw1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnnhphmf", "20POUW"];
  await refused([...vested, "--vesting-amount", "5POUW"], /--vesting-end-time is missing: coins that come free over time/);
  await refused([...vested, "--vesting-amount", "21POUW", "--vesting-end-time", "1900000000"], /21000000upouw come free over time, which is more than the account owns: 20000000upouw/);
  await refused([...vested, "--vesting-amount", "5POUW", "--vesting-start-time", "1900000000", "--vesting-end-time", "1900000000"], /from 1900000000 to 1900000000, want an end behind the beginning/);
  await refused([...vested, "--vesting-amount", "5POUW", "--vesting-end-time", "soon"], /"soon" is no time: want seconds since 1970, or such as 2030-01-31T12:00:00Z/);
  await done(...vested, "--vesting-amount", "5POUW", "--vesting-start-time", "1800000000", "--vesting-end-time", "2027-06-01T00:00:00Z");
  await refused([...vested, "--append", "--vesting-amount", "5POUW", "--vesting-end-time", "1900000000"], /only a new account can have coins that come free over time/);
  await done(...vested, "--append");
  const { accounts } = (JSON.parse(readFileSync(genesis, "utf8")) as { app_state: { auth: { accounts: unknown[] } } }).app_state.auth;
  t.deepEqual(accounts[1], {
    "@type": "/cosmos.vesting.v1beta1.ContinuousVestingAccount",
    base_vesting_account: { base_account: { address: vested[2] }, original_vesting: [{ denom: "upouw", amount: "5000000" }], end_time: "1811808000" },
    start_time: "1800000000",
  });
  t.is(accounts.length, 2, "what is added is added to the account that is there");
  await refused(["genesis", "gentx", "me", "151POUW"], /failed to delegate; 150500000upouw is smaller than 151000000upouw: insufficient funds/);
  await refused(["genesis", "gentx", "me", "100POUW", "--commission-rate", "lots"], /the commission rate is "lots", want a part of one such as 0\.1/);
  await refused(["genesis", "collect-gentxs"], /config\/gentx is missing: it holds everybody's transactions, which `pouwd genesis gentx` makes/);
  const { file } = JSON.parse(await done("genesis", "gentx", "me", "100POUW", "--ip", "10.1.2.3", "-o", "json")) as { file: string };
  t.is(statSync(file).mode & 0o077, 0);
  const tx = JSON.parse(readFileSync(file, "utf8")) as { body: { memo: string } };
  t.is(tx.body.memo, `${facts.nodeId}@10.1.2.3:26656`);

  const bad = join(home, "config", "gentx", "other.json");
  writeFileSync(bad, JSON.stringify({ ...tx, body: { ...tx.body, memo: "changed" } }));
  const before = readFileSync(genesis, "utf8");
  await refused(["genesis", "collect-gentxs"], /other\.json, of "one": .*signature verification failed|other\.json, of "one": account sequence mismatch/);
  t.is(readFileSync(genesis, "utf8"), before, "nothing is written");
  writeFileSync(bad, "{");
  await refused(["genesis", "collect-gentxs"], /other\.json is not JSON/);
  rmSync(bad);

  await done("genesis", "collect-gentxs");
  const { validators, power, supply } = JSON.parse(await done("genesis", "validate", "-o", "json")) as Record<string, unknown>;
  t.deepEqual([validators, power, supply], [1, "100", "7uatom,190500000upouw"]);
  const copy = join(dir, "other-chain.json");
  copyFileSync(genesis, copy);
  writeFileSync(copy, readFileSync(copy, "utf8").replace('"chain_id": "made-1"', '"chain_id": "made-2"'));
  await refused(["genesis", "validate", copy], /other-chain\.json: app_state\.genutil\.gen_txs\[0\], of "one": signature verification failed.*It has to be signed for the chain made-2/);
  await refused(["validator", "status"], /the node at http:\/\/127\.0\.0\.1:1 cannot be reached/);
});
