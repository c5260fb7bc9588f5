/** Versions that the node tells of itself. */
export const VERSION = "0.1.0";
/** the ABCI application's protocol version: changes with every state-machine breaking release */
export const APP_VERSION = 1n;
