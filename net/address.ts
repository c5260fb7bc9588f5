/**
 * Endpoints come from the chain, so from strangers: host:port is parsed strictly, resolved here, and the address that was
 * checked is the one dialled (a name cannot resolve to another one afterwards). Loopback, private, link-local, multicast
 * and unspecified targets are refused unless --allow-private.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv6 } from "node:net";

export class EndpointError extends Error {
  override readonly name = "EndpointError";
}

const closed = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24],
  ["192.0.2.0", 24], ["192.88.99.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["198.51.100.0", 24], ["203.0.113.0", 24], ["224.0.0.0", 3],
] as const) closed.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::", 96], ["64:ff9b::", 96], ["64:ff9b:1::", 48], ["100::", 64], ["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["fc00::", 7], ["fe80::", 10], ["fec0::", 10], ["ff00::", 8],
] as const) closed.addSubnet(net, bits, "ipv6");

/** Whether an IP address is one that only this machine or its network reaches. IPv4 in IPv6 is judged as IPv4. */
export function isPrivateAddress(ip: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped) return closed.check(mapped[1] as string, "ipv4");
  return closed.check(ip, isIPv6(ip) ? "ipv6" : "ipv4");
}

export function parseEndpoint(endpoint: string): { host: string; port: number } {
  const m = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)):([0-9]{1,5})$/.exec(endpoint);
  const port = Number(m?.[3]);
  if (!m || port < 1 || port > 65535) throw new EndpointError(`endpoint ${JSON.stringify(endpoint.slice(0, 80))} is not host:port`);
  const host = (m[1] ?? m[2]) as string;
  if (m[1] !== undefined && !isIPv6(host)) throw new EndpointError(`endpoint ${JSON.stringify(endpoint)} has no IPv6 address in its brackets`);
  return { host, port };
}

/** The address to dial for an endpoint, checked after resolution. */
export async function resolveEndpoint(endpoint: string, allowPrivate: boolean): Promise<string> {
  const { host, port } = parseEndpoint(endpoint);
  let ips: string[];
  if (isIP(host)) ips = [host];
  else {
    try {
      ips = (await lookup(host, { all: true })).map((a) => a.address);
    } catch (e) {
      throw new EndpointError(`endpoint ${endpoint} does not resolve: ${(e as NodeJS.ErrnoException).code ?? (e as Error).message}`);
    }
  }
  const open = allowPrivate ? ips : ips.filter((ip) => !isPrivateAddress(ip));
  const ip = open[0];
  if (ip === undefined) throw new EndpointError(`endpoint ${endpoint} is a loopback or private address: give --allow-private on a test network`);
  return isIPv6(ip) ? `ipv6:[${ip}]:${port}` : `ipv4:${ip}:${port}`;
}
