import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

/** Takes the network away from this process: Node 24's permission model has no rule for it. */
export function closeNetwork(): void {
  const refuse = (): never => {
    throw new Error('a converter has no network');
  };
  net.Socket.prototype.connect = refuse;
  net.Server.prototype.listen = refuse;
  dgram.createSocket = refuse;
  dns.lookup = Object.assign(refuse, dns.lookup);
  for (const name of ['fetch', 'WebSocket', 'EventSource']) Reflect.deleteProperty(globalThis, name);
}
