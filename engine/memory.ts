import { MEMORY_LIMIT } from "#engine/topology/index.js";

export { MEMORY_LIMIT };
const PAGE = 1 << 16;
/** Kernels read, and never use, up to one vector past a buffer. */
const SLACK = 64;
export function newMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 2, maximum: MEMORY_LIMIT / PAGE });
}

/** Reserves buffers one after another in a memory that grows; nothing is ever given back. */
export class Arena {
  /** The first page holds the kernels' own data. */
  #top = PAGE;

  constructor(readonly memory: WebAssembly.Memory) {}

  reserve(bytes: number, what: string): number {
    const address = this.#top;
    const end = Math.ceil((address + bytes + SLACK) / SLACK) * SLACK;
    if (!(end <= MEMORY_LIMIT)) {
      throw new Error(`engine: ${what} takes ${bytes} bytes beyond the ${address} in use, an engine holds ${MEMORY_LIMIT}: use a smaller model or batch`);
    }
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch {
        throw new Error(`engine: no memory for ${what} (${bytes} bytes): use a smaller model or batch, or free memory on this machine`);
      }
    }
    this.#top = end;
    return address;
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  i32(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }

  u8(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }
}
