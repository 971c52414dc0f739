import { networkInterfaces } from 'node:os';

/** The hosts under which browsers reach a server of this machine, as in a URL: IPv6 in brackets. */
export interface OwnHosts {
  /** The host to open on this machine. */
  readonly here: string;
  /** The hosts to open on other machines, when the server listens on every address. */
  readonly elsewhere: readonly string[];
}

interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

const LINK_LOCAL = /^fe[89ab]/i;

/**
 * The hosts for a server that listens on `host`: an address in any spelling, or a name.
 * @param interfaces returns the addresses of this machine; called only when the server listens on every address
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
    // Without a free file handle the system cannot list addresses. The addresses of the last list are probably still
    // right.
  }
  return lastSeen;
}

/** The host in the form of the URL standard, which browsers send: `0` becomes 0.0.0.0, `::0` becomes [::]. */
function inAddress(host: string): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`).hostname : bare;
}
