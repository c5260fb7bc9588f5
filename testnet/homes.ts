/** The files of a network: a home for every validator, one genesis with a transaction of each, and a client's home with the test keys. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressesOf, withAccount } from "#app/genesis/accounts.js";
import { collectGenTxs } from "#app/genesis/collect.js";
import { type GenesisDocument, newGenesis, writeGenesis } from "#app/genesis/document.js";
import { makeGenTx } from "#app/genesis/gentx.js";
import { type HomeOptions, initHome, writeConfig } from "#app/init.js";
import { DEFAULT_TERMS } from "#app/validator.js";
import { walletOf } from "#client/chain/wallet.js";
import { flop } from "#engine/topology/index.js";
import { readTaskFile } from "#client/task/task-file.js";
import { Keyring } from "#client/keys/keyring.js";
import { repositoryRoot } from "#platform/entry.js";
import { type Account } from "./accounts.js";
import { rpcOf } from "./facts.js";
import { mergeParams, type NetworkPlan, VALIDATOR_STAKE } from "./plan.js";
import { targetFor } from "./target.js";

/** training batches of the digits task: 1,500 rows in batches of 20, the last 10 % held out for validation */
const DEMO_BATCHES = 68n;

/** target0 so that about twenty-four iterations of the demo task win. */
function demoTarget(): string {
  const { spec, plan } = readTaskFile(join(repositoryRoot, "examples", "digits.yaml"));
  return targetFor(BigInt(spec.epochs) * DEMO_BATCHES, flop(plan, spec.batchSize));
}

export async function writeHomes(plan: NetworkPlan, accounts: readonly Account[]): Promise<void> {
  const { options } = plan;
  const account = (name: string): Account => {
    const found = accounts.find((a) => a.name === name);
    if (!found) throw new Error(`no account for ${name}`);
    return found;
  };
  const home = (v: NetworkPlan["validators"][number], persistentPeers: string): HomeOptions => ({
    home: v.home,
    moniker: v.name,
    rpcPort: v.rpcPort,
    p2pPort: v.p2pPort,
    verifierAddress: `127.0.0.1:${v.verifierPort}`,
    verifierAllowPrivate: true,
    persistentPeers,
    blockTimeMs: options.blockTime,
    restAddress: `127.0.0.1:${v.restPort}`,
    grpcAddress: `127.0.0.1:${v.grpcPort}`,
    invariants: true,
    seed: `pouw testnet validator/${v.name}`,
  });
  const facts = plan.validators.map((v) => ({ plan: v, ...initHome(home(v, "")) }));
  for (const v of facts) {
    const peers = facts.filter((other) => other !== v).map((other) => `${other.nodeId}@127.0.0.1:${other.plan.p2pPort}`);
    writeConfig(home(v.plan, peers.join(",")));
  }
  const coins = (amount: bigint) => [{ denom: options.denom, amount: `${amount}` }];
  let genesis: GenesisDocument = newGenesis({ ...options, genesisTime: new Date().toISOString(), params: mergeParams({ work: { target0: `0x${demoTarget()}` } }, options.params) });
  for (const { name, balance } of plan.accounts) genesis = withAccount(genesis, account(name).address, coins(balance));
  const addresses = addressesOf(genesis);
  const files = await Promise.all(
    facts.map(async ({ plan: { name, p2pPort }, ...keys }) => {
      const terms = { ...DEFAULT_TERMS, stake: coins(VALIDATOR_STAKE)[0] as { denom: string; amount: string }, description: { moniker: name } };
      const json = await makeGenTx({ chainId: options.chainId, addresses, keys, terms, reachedAt: `127.0.0.1:${p2pPort}` }, await walletOf(account(name).mnemonic, options.prefix));
      return { path: `the transaction of ${name}`, json };
    }),
  );
  const collected = collectGenTxs(genesis, files).genesis;
  for (const v of plan.validators) writeGenesis(join(v.home, "config", "genesis.json"), collected);
  await writeClientHome(plan, accounts);
}

/** `POUWD_HOME` of whoever plays with the network: every test key, and where the node is. */
async function writeClientHome(plan: NetworkPlan, accounts: readonly Account[]): Promise<void> {
  const home = join(plan.options.dir, "client");
  mkdirSync(join(home, "config"), { recursive: true, mode: 0o700 });
  const keyring = new Keyring(home, "test");
  for (const { name, mnemonic } of accounts) await keyring.add(name, mnemonic, plan.options.prefix);
  const [first] = plan.validators;
  if (!first) return;
  writeFileSync(join(home, "config", "client.toml"), `node = "${rpcOf(first)}"\nkeyring-backend = "test"\nallow-private = true\n`, { mode: 0o600 });
}
