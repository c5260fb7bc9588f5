/**
 * CosmJS's clients on two real networks, the Cosmos SDK's and this one, under the SDK's test names and under this chain's own. In a
 * process of its own: the clients' web sockets connect again for ever, also when they were told to disconnect.
 */
import { spawn } from "node:child_process";
import test from "ava";
import { entry } from "#platform/entry.js";
import { ALLOWED } from "./allowed.js";

const cometbft = process.env.COMETBFT ?? "cometbft";

for (const [name, words] of [["the SDK's names", []], ["this chain's own", ["own"]]] as const) {
  test.serial(`every method of the clients answers alike, under ${name}`, async (t) => {
    t.timeout(10 * 60_000);
    const { command, args } = entry("test/compat/clients/main", cometbft, ...words);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (d: Buffer) => (said += d.toString()));
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    t.is(code, 0, said);
    t.true(Number(/(\d+) fields compared, 0 differ/.exec(said)?.[1] ?? 0) > 5_000, said);
    t.log(said);
  });
}

test("at most ten differences are meant", (t) => {
  t.true(ALLOWED.length <= 10);
});
