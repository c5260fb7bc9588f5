/** `pouwd genesis` and `pouwd init`, within this process: what they remark on and what they refuse. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { runHere } from "./program.js";

const dir = mkdtempSync(join(tmpdir(), "pouwd-begin-"));
test.after.always(() => rmSync(dir, { recursive: true, force: true }));
Object.assign(process.env, { POUWD_HOME: join(dir, "home"), POUWD_KEYRING_BACKEND: "test" });

test.serial("a coin that is not the chain's is remarked on, once; an amount of 0 and a stake that does not sign are refused", async (t) => {
  await runHere("init", "one", "--chain-id", "begun-1");
  await runHere("keys", "add", "me");
  await t.throwsAsync(runHere("genesis", "add-account", "me", "0POUW"), { message: /genesis\.json: got 0upouw, want at least 1 base unit\.$/ });
  t.regex(await runHere("genesis", "add-account", "me", "10POUW,7upoww"), /^pouw1\w+ has 10000000upouw,7upoww\nremark: upoww makes a new coin of that name, which is not the chain's own, upouw\n$/);
  t.regex(await runHere("genesis", "add-account", "me", "1upoww,1pouw", "--append"), /^pouw1\w+ has 1upoww,1000000upouw more\n$/);
  await t.throwsAsync(runHere("genesis", "gentx", "me", "50upouw"), { message: "✖ its stake is 50 base units, and 1000000 are needed to sign: give at least 1000000upouw." });
  await runHere("genesis", "gentx", "me", "1POUW");
});

test.serial("init refuses a file that is no genesis, what belongs to a new chain alone, and one port for two servers; nothing is written", async (t) => {
  const home = join(dir, "other");
  const refused = (message: RegExp, ...words: string[]) => t.throwsAsync(runHere("init", "one", "--home", home, ...words), { message });
  const file = join(dir, "file.json");
  writeFileSync(file, "no JSON");
  await refused(/^✖ \S+file\.json: [^\n]+$/, "--genesis", file);
  for (const text of ["[]", "7"]) {
    writeFileSync(file, text);
    await refused(/^✖ \S+file\.json: want a JSON object with chain_id and app_state$/, "--genesis", file);
  }
  writeFileSync(file, '{"chain_id": "a-1"}');
  await refused(/^✖ \S+file\.json is no genesis: want a JSON object with chain_id and app_state\.$/, "--genesis", file);
  await refused(/^✖ --prefix belongs to a new chain: give --chain-id too, or leave it out\.$/, "--prefix", "cosmos");
  await refused(/^✖ --denom belongs to a new chain: give --chain-id too, or leave it out\.$/, "--denom", "uatom");
  await refused(/^✖ --rpc-port and --p2p-port are both 4000: give two that differ\.$/, "--rpc-port", "4000", "--p2p-port", "4000");
  t.false(existsSync(home));
});
