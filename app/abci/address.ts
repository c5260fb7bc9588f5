/** Where an ABCI server listens: unix:///path or tcp://host:port. */
export type Place = { path: string } | { host: string; port: number };

/** Longest path of a unix socket that every system takes. */
const MAX_SOCKET_PATH = 103;

/** Throws one line. */
export function parseAddress(address: string): Place {
  if (address.startsWith("unix://")) {
    const path = address.slice("unix://".length);
    if (path.length === 0 || Buffer.byteLength(path) > MAX_SOCKET_PATH) {
      throw new Error(`ABCI address ${address}: a socket path has 1 to ${MAX_SOCKET_PATH} bytes; use a shorter --home or tcp://127.0.0.1:26658`);
    }
    return { path };
  }
  const tcp = /^tcp:\/\/(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  if (!tcp || Number(tcp[3]) > 65_535) throw new Error(`ABCI address ${JSON.stringify(address)}: want unix:///path or tcp://host:port`);
  return { host: (tcp[1] ?? tcp[2]) as string, port: Number(tcp[3]) };
}
