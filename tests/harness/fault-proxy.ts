import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The faults that the proxy causes. They can change while it runs. */
export interface ProxyFault {
  /** Wait before each chunk is passed on, in ms. */
  delayMs: number;
  /** Swallows replies: the request arrives, but its answer does not. */
  dropReplies: boolean;
  /** Passes nothing in either direction and closes nothing, like a half-open connection. */
  silent: boolean;
  /** Refuses new connections. */
  refuse: boolean;
}

export interface FaultProxy {
  readonly port: number;
  readonly fault: ProxyFault;
  /** Number of connections that were opened so far. */
  connections(): number;
  /** Number of connections that are open now. */
  open(): number;
  /** Number of bytes that clients have sent so far. */
  bytes(): number;
  /** Resets every open connection. */
  cut(): void;
  /** Sends new connections to another port from now on. */
  leadTo(port: number): void;
  stop(): Promise<void>;
}

/** A TCP proxy on a free loopback port in front of `targetPort`, with faults that a test switches on and off. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const fault: ProxyFault = { delayMs: 0, dropReplies: false, silent: false, refuse: false };
  const open = new Set<Socket>();
  let opened = 0;
  let bytes = 0;
  let target = targetPort;
  const server = createServer((client) => {
    opened += 1;
    client.on('data', (chunk: Buffer) => (bytes += chunk.length));
    if (fault.refuse) return void client.destroy();
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        open.delete(socket);
        (socket === client ? upstream : client).destroy();
      });
    }
    pass(client, upstream, () => fault.silent, fault);
    pass(upstream, client, () => fault.silent || fault.dropReplies, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => open.forEach((socket) => socket.resetAndDestroy());
  return {
    port: (server.address() as AddressInfo).port,
    fault,
    connections: () => opened,
    open: () => open.size / 2,
    bytes: () => bytes,
    cut,
    leadTo: (port) => {
      target = port;
    },
    stop: async () => {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function pass(from: Socket, to: Socket, swallowed: () => boolean, fault: ProxyFault): void {
  from.on('data', (chunk: Buffer) => {
    if (swallowed()) return;
    const write = () => void (to.writable && to.write(chunk));
    if (fault.delayMs > 0) setTimeout(write, fault.delayMs);
    else write();
  });
}
