/** The store `upgrade`. Versions of modules are the application's (store `app`), which needs them before any module runs. */
import { key, u64 } from "#kernel/keys.js";
import { defineStore, record } from "#kernel/store.js";
import { Plan as WirePlan } from "#proto/gen/cosmos/upgrade/v1beta1/upgrade.js";
import type { Plan } from "./types.js";

/** Go's zero time, which a plan has in place of one. */
export const NO_TIME = { seconds: -62_135_596_800n, nanos: 0 };

export const wirePlan = ({ name, height, info }: Plan): WirePlan => ({ name, time: NO_TIME, height, info, upgradedClientState: undefined });
const plan = record<WirePlan, Plan>(WirePlan, ({ name, height, info }) => ({ name, height, info }), wirePlan);

export const store = defineStore("upgrade");
export const planned = store.item(0x00, "the upgrade that is planned", plan);
export const done = store.map(0x01, "an upgrade by the height at which it was applied", key(u64), plan);
