import { describe, expect, it } from '@jest/globals';
import { networkInterfaces } from 'node:os';
import { ownHosts } from './own-hosts.ts';
import { allowedOrigins, mayOpenSocket, mayWrite } from './same-origin.ts';

const local = allowedOrigins({ HOST: '127.0.0.1', PORT: 8080, PUBLIC_URL: undefined }, 8080);
const named = allowedOrigins({ HOST: '0.0.0.0', PORT: 8080, PUBLIC_URL: 'https://docket.example/app' }, 8080);
const post = (headers: Record<string, string>) => ({ method: 'POST', headers });

describe('the origins that may write', () => {
  it('are this machine on the port, or exactly that of PUBLIC_URL', () => {
    expect([...local].sort()).toEqual([
      'http://127.0.0.1:8080',
      'http://[::1]:8080',
      'http://localhost:8080',
    ]);
    expect([...named]).toEqual(['https://docket.example']);
  });

  it('include an address that is listened on by name', () => {
    expect(allowedOrigins({ HOST: '::1', PORT: 1, PUBLIC_URL: undefined }, 1)).toContain('http://[::1]:1');
    expect(allowedOrigins({ HOST: '10.0.0.7', PORT: 1, PUBLIC_URL: undefined }, 1)).toContain(
      'http://10.0.0.7:1',
    );
  });
});

describe('a server that listens on every address', () => {
  const machine = [
    { address: '127.0.0.1', family: 'IPv4', internal: true },
    { address: '192.168.1.5', family: 'IPv4', internal: false },
    { address: 'fd00::5', family: 'IPv6', internal: false },
    { address: 'fe80::1', family: 'IPv6', internal: false },
  ];

  it.each([
    ['0.0.0.0', 'localhost', ['192.168.1.5']],
    ['0', 'localhost', ['192.168.1.5']],
    ['::', 'localhost', ['192.168.1.5', '[fd00::5]']],
    ['0:0:0:0:0:0:0:0', 'localhost', ['192.168.1.5', '[fd00::5]']],
    ['127.0.0.1', 'localhost', []],
    ['::1', '[::1]', []],
    ['FD00:0::5', '[fd00::5]', []],
    ['192.168.1.5', '192.168.1.5', []],
    ['Docket.Example', 'docket.example', []],
  ])('as %s opens at %s here and at %j elsewhere', (host, here, elsewhere) => {
    expect(ownHosts(host, () => machine)).toEqual({ here, elsewhere });
  });

  it('asks for the addresses of this machine only to serve every one: a look takes a file handle [D27]', () => {
    const noHandle = (): never => {
      throw new Error('EMFILE');
    };
    expect(ownHosts('127.0.0.1', noHandle)).toEqual({ here: 'localhost', elsewhere: [] });
    expect(() => ownHosts('0.0.0.0', noHandle)).toThrow('EMFILE');
  });

  it('may be written to from the addresses that this machine really has', () => {
    const own = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => `http://${address}:8080`);
    const origins = allowedOrigins({ HOST: '0.0.0.0', PORT: 8080, PUBLIC_URL: undefined }, 8080);
    expect([...origins]).toEqual(expect.arrayContaining([...own, 'http://localhost:8080']));
    expect([...allowedOrigins({ HOST: '127.0.0.1', PORT: 8080, PUBLIC_URL: undefined }, 8080)]).toHaveLength(
      3,
    );
  });
});

describe('a request that changes something', () => {
  it.each(['cross-site', 'same-site', 'anything'])('is refused from Sec-Fetch-Site %s [A-CS01]', (site) => {
    expect(mayWrite(post({ 'sec-fetch-site': site }), local)).toBe(false);
    expect(mayWrite(post({ 'sec-fetch-site': site, origin: 'http://localhost:8080' }), local)).toBe(false);
  });

  it.each([
    'https://docket.example.evil.com',
    'null',
    'http://docket.example',
    'https://docket.example:8443',
    'https://evil.example/https://docket.example',
    '',
  ])('is refused from origin %j [A-CS04]', (origin) => {
    expect(mayWrite(post({ origin }), named)).toBe(false);
    expect(mayWrite(post({ origin, 'sec-fetch-site': 'none' }), named)).toBe(false);
  });

  it('is taken from our own page, and from a client that is no browser', () => {
    expect(mayWrite(post({ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' }), local)).toBe(
      true,
    );
    expect(mayWrite(post({}), local)).toBe(true);
  });

  it('is not a GET: links from other sites keep working', () => {
    expect(mayWrite({ method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } }, local)).toBe(true);
    expect(mayWrite({ method: 'DELETE', headers: { 'sec-fetch-site': 'cross-site' } }, local)).toBe(false);
  });
});

describe('a socket', () => {
  it('needs an origin on the list, and only that [A-CS03]', () => {
    expect(mayOpenSocket({ headers: { origin: 'http://localhost:8080' } }, local)).toBe(true);
    expect(mayOpenSocket({ headers: { origin: 'http://localhost:3000' } }, local)).toBe(false);
    expect(mayOpenSocket({ headers: { origin: 'null' } }, local)).toBe(false);
    expect(mayOpenSocket({ headers: {} }, local)).toBe(false);
  });
});
