import { describe, expect, it } from '@jest/globals';
import { mayOperate } from './operator-access.ts';

const origins = new Set(['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080']);
const settings = { OPS_ACCESS: 'loopback' as const, PUBLIC_URL: undefined, TRUST_PROXY: undefined };
const asked = (headers: Record<string, string> = {}, remoteAddress: string | undefined = '127.0.0.1') => ({
  headers: { host: 'localhost:8080', ...headers },
  socket: { remoteAddress },
});

describe('the operator’s access on one machine', () => {
  it.each(['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])('is open to %s', (address) => {
    expect(mayOperate(asked({}, address), settings, origins)).toBe(true);
    expect(mayOperate(asked({ 'sec-fetch-site': 'same-origin' }, address), settings, origins)).toBe(true);
  });

  it.each(['10.0.0.7', '192.168.1.2', '::ffff:10.0.0.7', '2001:db8::1', '1127.0.0.1', '', undefined])(
    'is closed to address %s',
    (address) => {
      const request = { ...asked(), socket: { remoteAddress: address } };
      expect(mayOperate(request, settings, origins)).toBe(false);
    },
  );

  it.each(['x-forwarded-for', 'forwarded', 'via', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto'])(
    'is closed to a request with %s: behind a proxy here everybody is 127.0.0.1',
    (header) => {
      expect(mayOperate(asked({ [header]: '127.0.0.1' }), settings, origins)).toBe(false);
    },
  );

  it('is closed as soon as a proxy is configured, or people come by another name', () => {
    expect(mayOperate(asked(), { ...settings, TRUST_PROXY: '127.0.0.1' }, origins)).toBe(false);
    const named = { ...settings, PUBLIC_URL: 'https://docket.example' };
    const own = new Set(['https://docket.example']);
    expect(mayOperate(asked({ host: 'docket.example' }), named, own)).toBe(false);
    expect(mayOperate(asked({ host: 'localhost:8080' }), named, own)).toBe(false);
  });

  it('stays open when the public address is this machine’s own', () => {
    const named = { ...settings, PUBLIC_URL: 'http://localhost:9000' };
    expect(mayOperate(asked({ host: 'localhost:9000' }), named, new Set(['http://localhost:9000']))).toBe(
      true,
    );
  });
});

describe.each(['loopback', 'open'] as const)('the operator’s access, %s', (mode) => {
  const within = { ...settings, OPS_ACCESS: mode };

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost:8081',
    'localhost',
    'localhost.evil.example:8080',
    '',
  ])('refuses Host %j: a name of another site that points here [DNS rebinding]', (host) => {
    expect(mayOperate(asked({ host }), within, origins)).toBe(false);
  });

  it.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://localhost:3000' }],
  ])('refuses %j: a page of another site asks', (headers) => {
    expect(mayOperate(asked(headers as Record<string, string>), within, origins)).toBe(false);
  });
});

describe('the operator’s access, otherwise', () => {
  it('open lets in whoever reaches our own address, off nobody', () => {
    const open = { ...settings, OPS_ACCESS: 'open' as const, PUBLIC_URL: 'https://docket.example' };
    const request = asked({ host: 'docket.example', 'x-forwarded-for': '10.0.0.7' }, '10.0.0.1');
    expect(mayOperate(request, open, new Set(['https://docket.example']))).toBe(true);
    expect(mayOperate(asked(), { ...settings, OPS_ACCESS: 'off' }, origins)).toBe(false);
  });
});
