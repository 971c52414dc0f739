import { describe, expect, it } from '@jest/globals';
import { clientReader } from '../runtime/http/client.ts';
import { operatorRule } from './middleware.ts';

const origins = new Set(['http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080']);
const mayOperate = (
  request: Parameters<ReturnType<typeof operatorRule>>[0],
  given: Parameters<typeof operatorRule>[0],
  own: ReadonlySet<string>,
) => operatorRule(given, clientReader(given.TRUST_PROXY))(request, own);
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

describe('the operator’s access behind a proxy of TRUST_PROXY', () => {
  const docket = { OPS_ACCESS: 'loopback', PUBLIC_URL: 'https://docket.example', TRUST_PROXY: 'loopback' };
  const own = new Set(['https://docket.example']);
  const by = (headers: Record<string, string>, given: typeof docket = docket) =>
    mayOperate(asked({ host: 'docket.example', ...headers }), given, own);

  it('is judged by the address that the proxy says [A-HT04]', () => {
    expect(by({ 'x-forwarded-for': '127.0.0.1' })).toBe(true);
    expect(by({ 'x-forwarded-for': '198.51.100.4' })).toBe(false);
    expect(by({ 'x-forwarded-for': '127.0.0.1, 198.51.100.4' })).toBe(false);
  });

  it('is closed where the proxy says no address, as nginx does by default', () => {
    expect(by({})).toBe(false);
  });

  it('is open to the ranges that OPS_ACCESS names, and to nobody else', () => {
    const office = { ...docket, OPS_ACCESS: '10.1.0.0/16, 192.0.2.7' };
    expect(by({ 'x-forwarded-for': '10.1.200.3' }, office)).toBe(true);
    expect(by({ 'x-forwarded-for': '192.0.2.7' }, office)).toBe(true);
    expect(by({ 'x-forwarded-for': '10.2.0.1' }, office)).toBe(false);
    expect(by({ 'x-forwarded-for': '127.0.0.1' }, office)).toBe(false);
  });

  it('reads the host that the proxy says, and refuses a name of another site', () => {
    const passed = { host: 'inside:8080', 'x-forwarded-for': '127.0.0.1' };
    expect(by({ ...passed, 'x-forwarded-host': 'docket.example' })).toBe(true);
    expect(by({ ...passed, 'x-forwarded-host': 'evil.example' })).toBe(false);
    expect(by(passed)).toBe(false);
  });
});

describe('the operator’s access by a range, without a proxy', () => {
  const office = { ...settings, OPS_ACCESS: '10.0.0.0/8' };
  const own = new Set(['http://docket.office:8080']);
  const host = 'docket.office:8080';

  it('is open to a direct connection from there, and closed to one that an unnamed proxy passed on', () => {
    expect(mayOperate(asked({ host }, '10.0.0.7'), office, own)).toBe(true);
    expect(mayOperate(asked({ host, 'x-forwarded-for': '10.0.0.8' }, '10.0.0.7'), office, own)).toBe(false);
    expect(mayOperate(asked({ host }, '203.0.113.5'), office, own)).toBe(false);
  });
});
