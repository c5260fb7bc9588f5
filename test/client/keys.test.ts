/** `pouwd keys` in a home: with which prefix it prints addresses. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { runHere } from "./program.js";

const dir = mkdtempSync(join(tmpdir(), "pouwd-keys-"));
test.after.always(() => rmSync(dir, { recursive: true, force: true }));
Object.assign(process.env, { POUWD_HOME: dir, POUWD_KEYRING_BACKEND: "test" });

const json = async <T>(...words: string[]): Promise<T> => JSON.parse(await runHere("keys", ...words, "-o", "json")) as T;

test.serial("keys have the prefix of the home's chain, or the one that is given", async (t) => {
  t.regex((await json<{ address: string }>("add", "early")).address, /^pouw1/, "there is no genesis yet");
  await runHere("init", "one", "--chain-id", "cosmos-like-1", "--prefix", "cosmos", "--denom", "uatom");
  const { address } = await json<{ address: string }>("add", "me");
  t.regex(address, /^cosmos1[02-9ac-hj-np-z]{38}$/);
  t.is((await json<{ address: string }>("show", "me")).address, address);
  const list = await json<{ name: string; address: string }[]>("list");
  t.deepEqual(list.map((k) => [k.name, k.address.split("1")[0]]), [["early", "cosmos"], ["me", "cosmos"]]);
  t.regex((await json<{ address: string }>("show", "me", "--prefix", "pouw")).address, /^pouw1/);
  await t.throwsAsync(runHere("keys", "list", "--prefix", "No"), { message: '✖ --prefix is "No", want 1 to 16 of a–z and 0–9, a letter first.' });
});
