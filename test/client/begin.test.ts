/** `pouwd genesis` and `pouwd init`, within this process: what they remark on and what they refuse. */
import { mkdtempSync, rmSync } from "node:fs";
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
