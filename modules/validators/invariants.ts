/** What must hold of the validators after every block. */
import { consensusAddress } from "#kernel/address.js";
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Invariants } from "#kernel/module.js";
import { operators, told, validators } from "./store.js";

export const validatorsInvariants: Invariants = {
  "a consensus address leads to its validator"(ctx) {
    for (const { key: [address], value: operator } of operators.entries(ctx)) {
      const v = validators.get(ctx, operator);
      if (!v) return `consensus address ${toHex(address)} leads to ${operator}, who is no validator`;
      if (!equalBytes(consensusAddress(ctx.crypto, v.consensusKey), address)) return `consensus address ${toHex(address)} leads to ${operator}, whose key has another`;
    }
    for (const v of validators.list(ctx)) {
      const operator = operators.get(ctx, consensusAddress(ctx.crypto, v.consensusKey));
      if (operator !== v.operator) return `the consensus address of ${v.operator} leads to ${operator ?? "nobody"}`;
    }
    return undefined;
  },
  "CometBFT was told of every validator and of nobody else"(ctx) {
    const keys = new Set(validators.list(ctx).map((v) => toHex(v.consensusKey)));
    for (const [key] of told.keys(ctx)) if (!keys.delete(toHex(key))) return `CometBFT was told of the key ${toHex(key)}, which is no validator's`;
    for (const key of keys) return `CometBFT was not told of the key ${key}`;
    return undefined;
  },
};
