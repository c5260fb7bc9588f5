/** Imported first by every Node entry point and test: installs the native hashes and signatures. */
import "./protobuf.js";
import { useCrypto } from "#kernel/crypto.js";
import { nodeCrypto } from "./crypto.js";

useCrypto(nodeCrypto);
