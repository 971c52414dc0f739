import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';
import { addressList, bareAddress, type AddressList } from '../settings/address-list.ts';

/** The most hops that are read, more than any real chain of proxies has. Earlier hops are ignored. */
const HOPS_MAX = 20;

/** The client of a request, according to the connection and the trusted proxies. */
export interface Client {
  /** The address of the client; null when a trusted proxy does not name it. */
  readonly address: string | null;
  /**
   * The key by which limits count: the address, or for IPv6 the network of 64 bits that one subscriber has (RFC 6177).
   */
  readonly key: string;
  /** True when the client used TLS to the proxy that it reached. Docket itself uses no TLS. */
  readonly isSecure: boolean;
  /** The host in the client's request. */
  readonly host: string | undefined;
  /** True when a proxy of `TRUST_PROXY` passed the request on. */
  readonly cameByProxy: boolean;
}

interface Asking {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export type ReadClient = (request: Asking) => Client;

/** One hop of the request, as its proxy describes it. */
interface Hop {
  readonly address: string | null;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/**
 * Makes the function that reads the client of a request. Forwarded headers count only when the connection comes from
 * a trusted proxy, and only headers that trusted proxies wrote. Docket never trusts headers that the client itself
 * wrote (A-HT04).
 *
 * The function reads `X-Forwarded-For`, `-Proto` and `-Host`; without `X-Forwarded-For` it reads `Forwarded` (RFC
 * 7239).
 *
 * @param trustProxy the setting `TRUST_PROXY`: addresses, ranges, `loopback`
 * @throws AddressListRefused
 */
export function clientReader(trustProxy: string | undefined): ReadClient {
  const trusted = addressList(trustProxy);
  return ({ headers, socket }) => {
    const peer = bareAddress(socket.remoteAddress);
    if (!trusted.has(socket.remoteAddress))
      return { address: peer, key: keyOf(peer), isSecure: false, host: headers.host, cameByProxy: false };
    const hop = firstUntrusted(hopsOf(headers), trusted);
    return {
      address: hop?.address ?? null,
      key: keyOf(hop?.address ?? peer),
      isSecure: hop?.proto?.toLowerCase() === 'https',
      host: hop?.host ?? headers.host,
      cameByProxy: true,
    };
  };
}

/** Goes from the nearest proxy back to the first address that is no trusted proxy. */
function firstUntrusted(hops: readonly Hop[], trusted: AddressList): Hop | undefined {
  const nearestFirst = hops.toReversed();
  return nearestFirst.find((hop) => hop.address === null || !trusted.has(hop.address)) ?? nearestFirst.at(-1);
}

function hopsOf(headers: IncomingHttpHeaders): readonly Hop[] {
  const addresses = valuesOf(headers['x-forwarded-for']);
  if (addresses.length === 0 && headers.forwarded !== undefined) return forwardedHops(headers.forwarded);
  const protos = valuesOf(headers['x-forwarded-proto']);
  const hosts = valuesOf(headers['x-forwarded-host']);
  if (addresses.length === 0) return [{ address: null, proto: protos.at(-1), host: hosts.at(-1) }];
  return addresses.map((text, at) => {
    const fromTheRight = addresses.length - at;
    return {
      address: withoutPort(text),
      // Some proxies set a single value and others add to the list, so the nearest existing value counts.
      proto: protos.at(-Math.min(fromTheRight, protos.length || 1)),
      host: hosts.at(-Math.min(fromTheRight, hosts.length || 1)),
    };
  });
}

/** The elements of a `Forwarded` header (RFC 7239, section 4). */
function forwardedHops(header: string): readonly Hop[] {
  return splitOutsideQuotes(header, ',')
    .slice(-HOPS_MAX)
    .map((element) => {
      const pairs = splitOutsideQuotes(element, ';').map((pair) => {
        const at = pair.indexOf('=');
        const value = pair.slice(at + 1).trim();
        return [pair.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1')] as const;
      });
      const valueOf = (name: string) => pairs.find(([key]) => key === name)?.[1];
      return { address: withoutPort(valueOf('for') ?? ''), proto: valueOf('proto'), host: valueOf('host') };
    });
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const part = separator === ',' ? /(?:[^,"]|"(?:\\.|[^"\\])*")+/g : /(?:[^;"]|"(?:\\.|[^"\\])*")+/g;
  return text.match(part) ?? [];
}

/** Reads an address with or without a port: `10.0.0.1:80`, `[::1]:80`, `::1`. */
function withoutPort(text: string): string | null {
  const trimmed = text.trim();
  const inBrackets = /^(\[[^\]]+\])(?::\d+)?$/.exec(trimmed)?.[1];
  const ipv4 = /^([\d.]+)(?::\d+)?$/.exec(trimmed)?.[1];
  return bareAddress(inBrackets ?? ipv4 ?? trimmed);
}

function valuesOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((line) => line.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
    .slice(-HOPS_MAX);
}

function keyOf(address: string | null): string {
  if (address === null) return 'unknown';
  return isIPv6(address) ? networkOf(address) : address;
}

/** The first 64 bits of an IPv6 address, written in full. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(gap).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
