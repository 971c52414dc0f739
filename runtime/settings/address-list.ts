import { BlockList, isIP, isIPv6 } from 'node:net';
import { CodedError } from '../../schemas/errors/coded-error.ts';

/** Names for common ranges (RFC 1122, 3927, 4193, 4291, 1918), the same as in Express's `trust proxy`. */
const NAMED_RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const ENTRIES_MAX = 100;

/** A list of addresses has an entry that is no address. */
export class AddressListRefused extends CodedError {
  readonly code = 'SETTINGS_REFUSED';
}

/**
 * Reads a list such as `loopback, 10.0.0.0/8, fd00::1`. An empty text is the empty list.
 * @throws AddressListRefused naming the entry that is neither an address, nor a range, nor a known name
 */
export function addressList(text: string | undefined) {
  const entries = (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > ENTRIES_MAX)
    throw new AddressListRefused(`A list of addresses has at most ${ENTRIES_MAX} entries.`);
  const list = new BlockList();
  for (const range of entries.flatMap((entry) => NAMED_RANGES[entry.toLowerCase()] ?? [entry]))
    add(list, range);
  return {
    has: (address: string | undefined) => {
      const bare = bareAddress(address);
      return bare !== null && list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
    },
  };
}

/** A list of addresses and ranges. An IPv4 address mapped into IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address. */
export type AddressList = ReturnType<typeof addressList>;

/** The address without brackets, zone and mapping; null when the text is no address. */
export function bareAddress(text: string | undefined): string | null {
  const address = (text ?? '')
    .trim()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/%.*$/, '');
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return isIP(mapped) === 4 ? mapped : null;
  return isIP(address) === 0 ? null : address.toLowerCase();
}

function add(list: BlockList, entry: string): void {
  const [base = '', prefixText, ...rest] = entry.split('/');
  const address = bareAddress(base);
  const family = address !== null && isIPv6(address) ? 'ipv6' : 'ipv4';
  const bits = family === 'ipv6' ? 128 : 32;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  if (address === null || rest.length > 0 || prefix < 0 || prefix > bits)
    throw new AddressListRefused(
      `${JSON.stringify(entry)} is no address, range (10.0.0.0/8) or name (${Object.keys(NAMED_RANGES).join(', ')}).`,
    );
  list.addSubnet(address, prefix, family);
}
