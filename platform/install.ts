/** Imported first by every Node entry point and test, for what must be set up before anything else runs. */
import "./protobuf.js";
