/** The bus over sockets. */
import { serveGrpc } from "#net/server.js";
import type { Service } from "#net/service.js";
import type { Bus, HubOptions, LinkOptions, ServedHub } from "../types.js";
import { GrpcHub } from "./hub.js";
import { GrpcLink } from "./link.js";

export interface GrpcBusOptions {
  readonly allowPrivate: boolean;
  /** what is served beside the bus on the same port */
  readonly services?: readonly Service[];
}

export class GrpcBus implements Bus {
  constructor(private readonly options: GrpcBusOptions) {}

  /** `listen` is host:port; port 0 takes a free one. */
  async serve(options: HubOptions, listen: string): Promise<ServedHub> {
    const hub = new GrpcHub(options);
    const { log, counters, timers } = options;
    const server = await serveGrpc({ listen, services: [hub.service(), ...(this.options.services ?? [])], log, counters, timers });
    const close = async (): Promise<void> => {
      hub.close();
      await server.close();
    };
    return { hub, endpoint: `${listen.slice(0, listen.lastIndexOf(":"))}:${server.port}`, close };
  }

  link(options: LinkOptions, subscribe: boolean): GrpcLink {
    return new GrpcLink({ ...options, allowPrivate: this.options.allowPrivate }, subscribe);
  }
}
