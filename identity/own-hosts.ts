import { networkInterfaces } from 'node:os';

/** How browsers reach a server of this machine, as an address spells the host: IPv6 in brackets. */
export interface OwnHosts {
  /** What to open on this machine. */
  readonly here: string;
  /** What to open on other machines, when the server listens on every address. */
  readonly elsewhere: readonly string[];
}

interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

const LINK_LOCAL = /^fe[89ab]/i;

/**
 * The hosts under which a server opens that listens on `host`: an address in any spelling, or a name.
 * @param interfaces answers the addresses of this machine; asked only when the server listens on every one
 */
export function ownHosts(
  host: string,
  interfaces: () => readonly InterfaceAddress[] = interfacesNow,
): OwnHosts {
  const spelt = inAddress(host);
  if (spelt === '127.0.0.1') return { here: 'localhost', elsewhere: [] };
  if (spelt !== '0.0.0.0' && spelt !== '[::]') return { here: spelt, elsewhere: [] };
  // A browser cannot name the interface that a link-local address needs.
  const reachable = interfaces().filter(
    ({ internal, address, family }) =>
      !internal && !LINK_LOCAL.test(address) && (spelt === '[::]' || family === 'IPv4'),
  );
  return { here: 'localhost', elsewhere: reachable.map(({ address }) => inAddress(address)) };
}

let lastSeen: readonly InterfaceAddress[] = [];

function interfacesNow(): readonly InterfaceAddress[] {
  try {
    lastSeen = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  } catch {
    // Without a free file handle the addresses cannot be read. Those of the last time are this machine's all the same.
  }
  return lastSeen;
}

/** As the URL standard writes it, so that it equals what browsers send: `0` is 0.0.0.0, `::0` is [::]. */
function inAddress(host: string): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`).hostname : bare;
}
