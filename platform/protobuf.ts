/** Repairs of the protobuf library that the Cosmos SDK's messages come with. */
import { BinaryWriter } from "cosmjs-types/binary";

// PERF: its own alloc makes a new pool of 8 KiB for every message and hands out a slice of it: each encoding zeroes
// 8 KiB, and whatever is kept of it keeps them all. 12 % of the CPU time of a block of transfers (scripts/bench).
BinaryWriter.alloc = (size: number) => new Uint8Array(size);
