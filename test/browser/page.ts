/** In a page: what run.ts does, with the pure crypto, told to the server that the page came from. */
import { pureCrypto } from "#kernel/crypto-pure.js";
import { casesOf } from "#test/vectors/check.js";
import vectors from "../vectors/protocol.json" with { type: "json" };
import { differing, type Ran, ran } from "./run.js";

interface Browser {
  readonly navigator: { readonly userAgent: string };
  fetch(path: string, request: { method: "POST"; body: string }): Promise<unknown>;
}
const browser = globalThis as unknown as Browser;

export interface Told {
  readonly userAgent: string;
  /** names that only Node gives a program */
  readonly ofNode: readonly string[];
  /** whether text can become code here */
  readonly evaluates: boolean;
  readonly ran: Ran;
  readonly differing: readonly string[];
}

function evaluates(): boolean {
  try {
    return new Function("return true")() as boolean;
  } catch {
    return false;
  }
}

function tell(): Told {
  return {
    userAgent: browser.navigator.userAgent,
    ofNode: ["Buffer", "process", "global", "require", "module", "setImmediate"].filter((name) => name in globalThis),
    evaluates: evaluates(),
    ran: ran(pureCrypto),
    differing: differing(pureCrypto, casesOf(vectors)),
  };
}

// What is thrown here reaches the console, where the test reads it.
await browser.fetch("/told", { method: "POST", body: JSON.stringify(tell()) });
