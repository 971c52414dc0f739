import { describe, expect, it } from '@jest/globals';
import { addressList, AddressListRefused } from '../settings/address-list.ts';
import { clientReader } from './client.ts';

const asked = (remoteAddress: string, headers: Record<string, string> = {}) => ({
  headers: { host: 'docket.example', ...headers },
  socket: { remoteAddress },
});

describe('a list of addresses', () => {
  it.each([
    ['loopback', '127.8.0.1', true],
    ['loopback', '::1', true],
    ['loopback', '::ffff:127.0.0.1', true],
    ['loopback', '10.0.0.1', false],
    ['10.0.0.0/8, 192.0.2.7', '10.200.1.1', true],
    ['10.0.0.0/8, 192.0.2.7', '192.0.2.7', true],
    ['10.0.0.0/8, 192.0.2.7', '192.0.2.8', false],
    ['uniquelocal', 'fd12::1', true],
    ['2001:db8::/32', '2001:db8:1::5', true],
    ['2001:db8::/32', '2001:db9::5', false],
    ['', '127.0.0.1', false],
    ['loopback', undefined, false],
    ['loopback', 'localhost', false],
  ])('%j, asked for %s: %s', (text, address, expected) => {
    expect(addressList(text).has(address)).toBe(expected);
  });

  it.each(['localhost', '10.0.0.0/33', '10.0.0', '::1/129', '10.0.0.0/8/8', '10.0.0.1:80', '*'])(
    'refuses %s and names it',
    (entry) => {
      expect(() => addressList(`loopback, ${entry}`)).toThrow(AddressListRefused);
      expect(() => addressList(entry)).toThrow(JSON.stringify(entry));
    },
  );
});

describe('who asks', () => {
  it('is the connection itself where no proxy is named, whatever headers say [A-HT04]', () => {
    const read = clientReader(undefined);
    const client = read(
      asked('203.0.113.9', {
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'localhost',
        forwarded: 'for=127.0.0.1;proto=https',
      }),
    );
    expect(client).toEqual({
      address: '203.0.113.9',
      key: '203.0.113.9',
      isSecure: false,
      host: 'docket.example',
      cameByProxy: false,
    });
  });

  it('is the connection where it comes from another address than the named proxy', () => {
    const client = clientReader('10.0.0.1')(asked('10.0.0.2', { 'x-forwarded-for': '127.0.0.1' }));
    expect(client.address).toBe('10.0.0.2');
  });

  it('is what the named proxy says', () => {
    const client = clientReader('loopback')(
      asked('::ffff:127.0.0.1', { 'x-forwarded-for': '198.51.100.4', 'x-forwarded-proto': 'https' }),
    );
    expect([client.address, client.isSecure, client.cameByProxy]).toEqual(['198.51.100.4', true, true]);
  });

  it('does not believe what the client wrote before the proxy added to it', () => {
    const client = clientReader('loopback')(
      asked('127.0.0.1', {
        'x-forwarded-for': '127.0.0.1, 10.9.9.9, 198.51.100.4',
        'x-forwarded-proto': 'https, http',
      }),
    );
    expect([client.address, client.isSecure]).toEqual(['198.51.100.4', false]);
  });

  it('walks back over a chain of named proxies', () => {
    const read = clientReader('loopback, 10.0.0.0/8');
    const client = read(
      asked('127.0.0.1', {
        'x-forwarded-for': '6.6.6.6, 198.51.100.4, 10.0.0.5',
        'x-forwarded-proto': 'https, http',
      }),
    );
    expect([client.address, client.isSecure]).toEqual(['198.51.100.4', true]);
  });

  it('is unknown, and shares the limit of the proxy, where the proxy says nothing', () => {
    const client = clientReader('loopback')(asked('127.0.0.1'));
    expect([client.address, client.key]).toEqual([null, '127.0.0.1']);
  });

  it.each([
    ['for=198.51.100.4;proto=https;host=docket.example', '198.51.100.4', true],
    ['for="[2001:db8::7]:4711";proto=http', '2001:db8::7', false],
    ['for=6.6.6.6, for="198.51.100.4:80";proto="https"', '198.51.100.4', true],
    ['for=unknown;proto=https', null, true],
    ['for=_hidden, For=198.51.100.4', '198.51.100.4', false],
  ])('reads Forwarded as RFC 7239 has it: %s', (forwarded, address, isSecure) => {
    const client = clientReader('loopback')(asked('127.0.0.1', { forwarded }));
    expect([client.address, client.isSecure]).toEqual([address, isSecure]);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0db8::9', '2001:db8:0:0::/64'],
    ['198.51.100.4', '198.51.100.4'],
  ])('counts %s as %s', (address, key) => {
    expect(clientReader(undefined)(asked(address)).key).toBe(key);
  });
});
