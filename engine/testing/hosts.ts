import type { Host } from "#engine/kernels.js";
import type { Group } from "#engine/quanta.js";
import { quantaTable } from "#engine/quanta-table.js";
import { Arena } from "#engine/memory.js";
import { buildNative } from "#engine/native/build.js";
import { nativeHost } from "#engine/native/host.js";
import { wasmHost } from "#engine/wasm/host.js";

/** Every host that this machine has; WebAssembly first. */
export async function allHosts(): Promise<Host[]> {
  buildNative();
  const native = nativeHost();
  return native ? [await wasmHost(), native] : [await wasmHost()];
}

/** Buffers for driving a host's kernels one by one. */
export class Bench {
  readonly arena: Arena;
  constructor(readonly host: Host) {
    this.arena = new Arena(host.memory);
  }
  f32(values: ArrayLike<number>): number {
    const at = this.room(values.length * 4);
    this.arena.f32(at, values.length).set(values);
    return at;
  }
  bits(values: ArrayLike<number>): number {
    const at = this.room(values.length * 4);
    new Uint32Array(this.arena.memory.buffer, at, values.length).set(values);
    return at;
  }
  bytes(values: ArrayLike<number>): number {
    const at = this.room(values.length);
    this.arena.u8(at, values.length).set(values);
    return at;
  }
  /** The table of quantum groups. */
  quanta(groups: readonly Group[]): number {
    return this.bytes(new Uint8Array(quantaTable(groups).buffer));
  }
  room(bytes: number): number {
    return this.arena.reserve(bytes, "test");
  }
  readF32(at: number, n: number): Float32Array {
    return this.arena.f32(at, n).slice();
  }
  readBits(at: number, n: number): number[] {
    return [...new Uint32Array(this.arena.memory.buffer, at, n)];
  }
}
