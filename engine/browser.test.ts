/** The golden runs in headless Chromium: the same compiled modules, found by an import map, without any bundler. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import test from "ava";
import { repositoryRoot } from "#platform/entry.js";

const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Record<string, unknown>;
const PAGE = `<!doctype html><script type="importmap">{"imports":{"#engine/":"/engine/"}}</script><script type="module" src="/engine/testing/page.js"></script>`;

test("the golden digests come out in a browser, on WebAssembly", async (t) => {
  t.timeout(300_000);
  const chromium = execFileSync(join(repositoryRoot, "scripts", "get-chromium"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  let told: (text: string) => void;
  const answer = new Promise<string>((resolve) => (told = resolve));
  const server = createServer((q, r) => {
    const path = normalize(new URL(q.url ?? "/", "http://page").pathname);
    if (q.method === "POST" && path === "/told") {
      let body = "";
      q.on("data", (d: Buffer) => (body += d.toString())).on("end", () => (r.end(), told(body)));
    } else if (path === "/") r.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    else if (/^\/engine\/[\w./-]+\.js$/.test(path)) {
      try {
        r.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(repositoryRoot, "dist", path)));
      } catch {
        r.writeHead(404).end();
      }
    } else r.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const profile = mkdtempSync(join(tmpdir(), "pouwd-chromium-"));
  let complaints = "";
  const child: ChildProcess = spawn(
    chromium,
    ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--enable-logging=stderr", `--user-data-dir=${profile}`, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  child.stderr?.on("data", (d: Buffer) => (complaints += d.toString()));
  const gone = new Promise<never>((_, reject) => child.once("close", (code) => reject(new Error(`Chromium ended with ${code}: ${complaints.slice(-2000)}`))));
  try {
    const { userAgent, host, digests, error } = JSON.parse(await Promise.race([answer, gone])) as { userAgent?: string; host?: string; digests?: unknown; error?: string };
    t.is(error, undefined);
    t.regex(userAgent ?? "", /Chrome\//);
    t.is(host, "wasm");
    t.deepEqual(digests, golden);
    t.log(userAgent);
  } finally {
    gone.catch(() => {});
    child.kill("SIGKILL");
    server.closeAllConnections();
    server.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
});
