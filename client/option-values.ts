/** Values of options and environment variables, read strictly: what is passed over in silence would surprise later. */
import { CliError } from "./cli-error.js";

const PORT = "26657";

/** `http://host:port` of what people write for a node: also `tcp://host:port`, as other Cosmos clients want it, and `host:port`. */
export function rpcUrl(text: string): string {
  const refuse = () => new CliError("node", `--node is ${JSON.stringify(text)}, want an RPC address such as http://127.0.0.1:${PORT}.`);
  const withScheme = text.replace(/^tcp:\/\//, "http://");
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(withScheme) ? withScheme : `http://${withScheme}`;
  let url: URL;
  try {
    url = new URL(full);
  } catch {
    throw refuse();
  }
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "" || /\s/.test(text)) throw refuse();
  return full.replace(/\/+$/, "");
}

/** `0.01upouw`; nothing when it is not given. */
export function gasPriceOf(text: string | undefined): { gasPrice?: number; denom?: string } {
  if (text === undefined) return {};
  const m = /^([0-9]+(?:\.[0-9]+)?)([a-z][a-zA-Z0-9/]{1,127})$/.exec(text);
  if (!m) throw new CliError("usage", `--gas-prices is ${JSON.stringify(text)}, want an amount and a denomination such as 0.01upouw.`);
  return { gasPrice: Number(m[1]), denom: m[2] as string };
}

/** A gas limit, or undefined for an estimated one. */
export function gasOf(text: string | undefined): bigint | undefined {
  if (text === undefined || text === "auto") return undefined;
  if (!/^[1-9][0-9]{0,17}$/.test(text)) throw new CliError("usage", `--gas is ${JSON.stringify(text)}, want a whole number, or auto.`);
  return BigInt(text);
}

/** An environment variable that is one of a few words. */
export function chosen<T extends string>(name: string, choices: readonly T[]): T | undefined {
  const value = process.env[name];
  if (value === undefined || value === "") return undefined;
  if (!choices.includes(value as T)) throw new CliError("usage", `${name} is ${JSON.stringify(value)}, want ${choices.join(" or ")}.`);
  return value as T;
}
