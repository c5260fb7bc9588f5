import "#platform/install.js";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { openMultiStore } from "./index.js";
import { block, options } from "./testdata/history.js";

const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");

/** The app hashes of that history, from an undisturbed run. */
async function hashes(t: ExecutionContext, upTo: bigint): Promise<Map<bigint, string>> {
  const dir = await mkdtemp(join(tmpdir(), "store-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const store = await openMultiStore(dir, options);
  const out = new Map<bigint, string>([[0n, ""]]);
  for (let h = 1n; h <= upTo; h++) {
    const prepared = block(store, h);
    await prepared.commit();
    out.set(h, hex(prepared.appHash));
  }
  await store.close();
  return out;
}

test("after kill -9 at any moment the store is at its last acknowledged height or the one after, with that height's app hash, and goes on", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "store-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  let acknowledged = 0n;
  const kept: [bigint, string][] = [];
  for (let i = 0; i < 6; i++) {
    const child = spawn(process.execPath, ["--conditions=source", "--import=tsx", fileURLToPath(new URL("testdata/commit-loop.ts", import.meta.url)), dir], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    let killing = false;
    child.stdout.on("data", (d: Buffer) => {
      said += d.toString();
      // from the first commit on, after a delay that differs each time
      if (!killing) setTimeout(() => child.kill("SIGKILL"), 20 + i * 17);
      killing = true;
    });
    await new Promise((resolve) => child.once("close", resolve));
    for (const line of said.split("\n").slice(0, -1)) acknowledged = BigInt(line);
    const store = await openMultiStore(dir, options);
    t.true(store.version === acknowledged || store.version === acknowledged + 1n, `acknowledged ${acknowledged}, found ${store.version}`);
    t.is(Buffer.from(store.meta("height") ?? []).toString(), `${store.version}`);
    kept.push([store.version, hex(store.appHash)]);
    const next = block(store, store.version + 1n);
    await next.commit();
    acknowledged = store.version;
    kept.push([store.version, hex(store.appHash)]);
    await store.close();
  }
  const want = await hashes(t, acknowledged);
  t.deepEqual(kept, kept.map(([h]) => [h, want.get(h)]));
  t.true(acknowledged > 12n);
});

test("a log cut short at any byte gives an earlier height, whole, and the blocks after it again the same hashes", async (t) => {
  const want = await hashes(t, 8n);
  const seen = new Set<bigint>();
  for (let i = 0; i < 10; i++) {
    const dir = await mkdtemp(join(tmpdir(), "store-"));
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    let store = await openMultiStore(dir, options);
    for (let h = 1n; h <= 8n; h++) await block(store, h).commit();
    await store.close();
    const log = join(dir, (await readdir(dir)).find((f) => f.endsWith(".log")) as string);
    const { size } = await stat(log);
    await truncate(log, Math.floor((size * (10 - i)) / 10) - i * 3);
    store = await openMultiStore(dir, options);
    seen.add(store.version);
    t.is(hex(store.appHash), want.get(store.version) ?? "no such height");
    for (let h = store.version + 1n; h <= 8n; h++) {
      const prepared = block(store, h);
      await prepared.commit();
      t.is(hex(prepared.appHash), want.get(h) ?? "no such height");
    }
    await store.close();
  }
  t.true(seen.size > 4, `heights found: ${[...seen].join(" ")}`);
});
