/** A CID is also a file name, so only its one spelling passes (protocol/cid.ts). */
import { parseCid } from "#protocol/tasks/cid.js";

/** The digest in a CID, or undefined for anything that is not one. */
export function cidDigest(cid: string): Uint8Array | undefined {
  try {
    return parseCid(cid);
  } catch {
    return undefined;
  }
}
