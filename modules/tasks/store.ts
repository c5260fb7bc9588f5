/** Keys of `tasks`: 1 task by id · 2 next id · 3 ids of open tasks · 4 ids of closed tasks whose seats are still locked, by height. */
import { concat, readU64be, u64be } from "#kernel/bytes.js";
import { collection } from "#kernel/store.js";
import { Task } from "#proto/gen/pouw.js";

export const STORE = "tasks";
const mark = { encode: (v: Uint8Array) => v, decode: (v: Uint8Array) => v };
const number = { encode: (v: bigint) => u64be(v), decode: (v: Uint8Array) => readU64be(v) };

export const tasks = collection<[id: bigint], Task>(STORE, 1, (id) => u64be(id), Task);
export const nextId = collection<[], bigint>(STORE, 2, () => new Uint8Array(0), number);
export const openIds = collection<[id: bigint], Uint8Array>(STORE, 3, (id) => u64be(id), mark);
export const unlocks = collection<[height: bigint, id: bigint], Uint8Array>(STORE, 4, (height, id) => concat(u64be(height), u64be(id)), mark);
export const MARK = Uint8Array.of(1);
