/** The few CometBFT RPC calls that a launcher needs before and beside the SDK. */

export async function rpc<T>(base: string, path: string, timeout = 3000): Promise<T> {
  const ask = () => fetch(`${base}${path}`, { signal: AbortSignal.timeout(timeout) });
  // A connection that was kept may have been closed while this program was busy, which shows when it is used: once more, on a new one.
  const response = await ask().catch((e: Error) => (e instanceof TypeError ? ask() : Promise.reject(e)));
  const body = (await response.json()) as { result?: T; error?: { message: string; data?: string } };
  if (body.result === undefined) throw new Error(`${base}${path}: ${body.error?.data ?? body.error?.message ?? response.statusText}`);
  return body.result;
}

export async function heightOf(base: string): Promise<number> {
  const { sync_info } = await rpc<{ sync_info: { latest_block_height: string } }>(base, "/status");
  return Number(sync_info.latest_block_height);
}

/** Upper-case hexadecimal app hash in the header of a block: the state after the block before it. */
export async function appHashAt(base: string, height: number): Promise<string> {
  const { block } = await rpc<{ block: { header: { app_hash: string } } }>(base, `/block?height=${height}`);
  return block.header.app_hash;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is not undefined; the last error is told when time is up. */
export async function until<T>(what: string, timeoutMs: number, ask: () => Promise<T | undefined>, everyMs = 300): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last = "";
  for (;;) {
    try {
      const value = await ask();
      if (value !== undefined) return value;
    } catch (e) {
      last = `: ${(e as Error).message}`;
    }
    if (Date.now() > end) throw new Error(`waited ${Math.round(timeoutMs / 1000)} s for ${what}${last}`);
    await sleep(everyMs);
  }
}
