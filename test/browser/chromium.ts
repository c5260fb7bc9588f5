/** A page in headless Chromium, served by this process: it tells its answer by POST to /told. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { repositoryRoot } from "#platform/entry.js";

/** Nothing but scripts of the page's own server, and no text that becomes code: no `eval`, no `Function`. */
const POLICY = "default-src 'none'; connect-src 'self'; script-src 'self'";

export interface Page {
  readonly html: string;
  /** Whether its scripts are to run under POLICY, which allows none within `html`. */
  readonly strict?: boolean;
  /** The script of a path, undefined when there is none. */
  script(path: string): string | Uint8Array | undefined;
}

/** What the page tells. Throws when Chromium ends, or an error that the page did not catch reaches its console. */
export async function told(page: Page): Promise<unknown> {
  const chromium = execFileSync(join(repositoryRoot, "scripts", "get-chromium"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  let tell: (text: string) => void;
  const answer = new Promise<string>((resolve) => (tell = resolve));
  const server = createServer((q, r) => {
    const path = normalize(new URL(q.url ?? "/", "http://page").pathname);
    const script = path === "/" ? undefined : page.script(path);
    if (q.method === "POST" && path === "/told") {
      let body = "";
      q.on("data", (d: Buffer) => (body += d.toString())).on("end", () => (r.end(), tell(body)));
    } else if (path === "/") r.writeHead(200, { "content-type": "text/html", ...(page.strict ? { "content-security-policy": POLICY } : {}) }).end(page.html);
    else if (script !== undefined) r.writeHead(200, { "content-type": "text/javascript" }).end(script);
    else r.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const profile = mkdtempSync(join(tmpdir(), "pouwd-chromium-"));
  const child: ChildProcess = spawn(
    chromium,
    ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--enable-logging=stderr", `--user-data-dir=${profile}`, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const failed = new Promise<never>((_, reject) => {
    let complaints = "";
    child.stderr?.on("data", (d: Buffer) => {
      complaints += d.toString();
      const uncaught = /CONSOLE[^\n]*Uncaught[^\n]*/.exec(complaints);
      if (uncaught) reject(new Error(uncaught[0]));
    });
    child.once("close", (code) => reject(new Error(`Chromium ended with ${code}: ${complaints.slice(-2000)}`)));
  });
  try {
    return JSON.parse(await Promise.race([answer, failed]));
  } finally {
    failed.catch(() => {});
    child.kill("SIGKILL");
    server.closeAllConnections();
    server.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
