/**
 * Keys of `tasks`: 1 task by id · 2 next id · 3 ids of open tasks · 4 ids of closed tasks whose seats are still locked,
 * by height · 5 topology by id · 6 memory that an engine of the task takes, by id.
 *
 * Every open task is read several times in every block, so what is large and never changes stands apart from it: the
 * record under 1 has an empty `spec.topology`, and only `whole` puts it back.
 */
import { concat, readU64be, u64be } from "#kernel/bytes.js";
import { type View, collection } from "#kernel/store.js";
import { Task, TaskSpec } from "#proto/gen/pouw.js";

export const STORE = "tasks";
const mark = { encode: (v: Uint8Array) => v, decode: (v: Uint8Array) => v };
const number = { encode: (v: bigint) => u64be(v), decode: (v: Uint8Array) => readU64be(v) };

export const tasks = collection<[id: bigint], Task>(STORE, 1, (_, id) => u64be(id), Task);
export const nextId = collection<[], bigint>(STORE, 2, () => new Uint8Array(0), number);
export const openIds = collection<[id: bigint], Uint8Array>(STORE, 3, (_, id) => u64be(id), mark);
export const unlocks = collection<[height: bigint, id: bigint], Uint8Array>(STORE, 4, (_, height, id) => concat(u64be(height), u64be(id)), mark);
/** as a spec with nothing else in it */
const text = { encode: (topology: string) => TaskSpec.encode(TaskSpec.create({ topology })), decode: (v: Uint8Array) => TaskSpec.decode(v).topology };
export const topologies = collection<[id: bigint], string>(STORE, 5, (_, id) => u64be(id), text);
export const memories = collection<[id: bigint], bigint>(STORE, 6, (_, id) => u64be(id), number);

/** The task with its topology. */
export const whole = (ctx: View, t: Task): Task => (t.spec ? { ...t, spec: { ...t.spec, topology: topologies.get(ctx, t.id) ?? "" } } : t);
export const MARK = Uint8Array.of(1);
