/** Residuals by their hash, pushed by miners or fetched for a verifier: as many bytes as are allowed, the oldest go first. */
import { toHex } from "#kernel/bytes.js";

export class ResidualCache {
  private readonly held = new Map<string, Uint8Array>();
  private bytes = 0;
  constructor(private readonly maxBytes = 256 << 20) {}

  get(hash: Uint8Array): Uint8Array | undefined {
    return this.held.get(toHex(hash));
  }

  /** `hash` is the sha256 of `residual`: the caller has checked. */
  put(hash: Uint8Array, residual: Uint8Array): void {
    const key = toHex(hash);
    if (this.held.has(key) || residual.length > this.maxBytes) return;
    this.held.set(key, residual);
    this.bytes += residual.length;
    for (const [k, v] of this.held) {
      if (this.bytes <= this.maxBytes) return;
      this.held.delete(k);
      this.bytes -= v.length;
    }
  }
}
