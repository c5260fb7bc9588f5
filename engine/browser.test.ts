/** The golden runs in headless Chromium: the same compiled modules, found by an import map, without any bundler. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "#platform/entry.js";
import { told } from "#test/browser/chromium.js";

const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Record<string, unknown>;
const PAGE = `<!doctype html><script type="importmap">{"imports":{"#engine/":"/engine/"}}</script><script type="module" src="/engine/testing/page.js"></script>`;

function compiled(path: string): Uint8Array | undefined {
  if (!/^\/engine\/[\w./-]+\.js$/.test(path)) return undefined;
  try {
    return readFileSync(join(repositoryRoot, "dist", path));
  } catch {
    return undefined;
  }
}

test("the golden digests come out in a browser, on WebAssembly", async (t) => {
  t.timeout(300_000);
  const { userAgent, host, digests, error } = (await told({ html: PAGE, script: compiled })) as { userAgent?: string; host?: string; digests?: unknown; error?: string };
  t.is(error, undefined);
  t.regex(userAgent ?? "", /Chrome\//);
  t.is(host, "wasm");
  t.deepEqual(digests, golden);
  t.log(userAgent);
});
