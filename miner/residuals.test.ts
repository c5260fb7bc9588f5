import "#platform/install.js";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { nodeCrypto } from "#platform/crypto.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { Database } from "#platform/level.js";
import { Evidence } from "./evidence.js";
import { ResidualStore } from "./residuals.js";

const PARAMETERS = 1 << 15; // a hashed residual every 16 iterations
async function storeWith(...seqs: bigint[]): Promise<ResidualStore> {
  const db = await Database.open(mkdtempSync(join(tmpdir(), "residuals-")));
  const r = new ResidualStore(db, 1n, PARAMETERS, EXACT_PROFILE);
  for (const s of seqs) void r.put(0, s, Uint8Array.of(Number(s)));
  await db.write([]);
  return r;
}

test("the hashed residual that an audit begins at stays, whatever was kept between", async (t) => {
  const r = await storeWith(16n, 20n, 25n, 30n, 32n);
  await r.prune(0, 30n);
  t.is(residualSeqBefore(PARAMETERS, EXACT_PROFILE, 31n), 16n);
  t.is((await r.get(0, 16n))?.[0], 16);
  await r.prune(0, 32n);
  t.is(await r.get(0, 30n), undefined);
  t.is((await r.get(0, 32n))?.[0], 32);
});

test("a residual that is missing is made again from an older one, once, and only where a header names it", async (t) => {
  const r = await storeWith(16n, 20n);
  const made = Uint8Array.of(32);
  let runs = 0;
  const log = { get: async (slot: number, seq: bigint) => ({ header: Header.encode(Header.create({ slot, seq, residualHash: seq % 16n === 0n ? nodeCrypto.sha256(made) : new Uint8Array(0) })), map: made, signature: made }) };
  const e = new Evidence(log as never, r, { run: async () => (runs++, { agrees: true, residual: made }) }, async () => true);
  t.is((await e.residual(0, 32n))?.[0], 32);
  t.is((await e.residual(0, 32n))?.[0], 32);
  t.is(await e.residual(0, 33n), undefined);
  t.is(await e.residual(0, 16n * 100n), undefined, "too far from what is kept");
  t.is(runs, 1);
});
