/** What test chains in Node share: its own hashes and signatures, and the addresses of names that have no key. */
import { makeEnvironment } from "#kernel/environment.js";
import { nodeCrypto } from "#platform/crypto.js";
import { addressOf } from "./genesis.js";

export const environment = makeEnvironment(nodeCrypto, "pouw");
export const address = (name: string): string => addressOf(environment, name);
