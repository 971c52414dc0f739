import { describe, expect, it } from '@jest/globals';
import { publicFaults } from './production-settings.ts';
import { loadSettings, SettingsRefused } from './settings.ts';

const faultsOf = (environment: Record<string, string>): string => {
  try {
    loadSettings(environment);
    return '';
  } catch (error) {
    if (error instanceof SettingsRefused) return error.message;
    throw error;
  }
};

describe('settings', () => {
  it('name every entry that is no address', () => {
    const faults = faultsOf({ TRUST_PROXY: 'proxy.example', OPS_ACCESS: '10.0.0.0/40' });
    expect(faults).toContain('TRUST_PROXY: "proxy.example" is no address');
    expect(faults).toContain('OPS_ACCESS: "10.0.0.0/40" is no address');
  });

  it.each(['loopback', 'open', 'off', '10.0.0.0/8, ::1'])('take OPS_ACCESS=%s', (OPS_ACCESS) => {
    expect(loadSettings({ OPS_ACCESS }).OPS_ACCESS).toBe(OPS_ACCESS);
  });
});

describe('NODE_ENV=production', () => {
  const sound = {
    NODE_ENV: 'production',
    SESSION_SECRET: '8f3b1c9de2a74650b7c1d2e3f4a59687',
    PUBLIC_URL: 'https://docket.example',
  };

  it('takes sound settings', () => {
    expect(faultsOf(sound)).toBe('');
    expect(faultsOf({ ...sound, PUBLIC_URL: 'http://localhost:8080' })).toBe('');
    expect(faultsOf({ ...sound, EVENTSTORE_URL: 'esdb://eventstore:2113?tls=false' })).toBe('');
    expect(faultsOf({ ...sound, EVENTSTORE_URL: 'esdb://10.0.0.1:2113,10.0.0.2:2113?tls=false' })).toBe('');
  });

  it.each([
    ['SESSION_SECRET', 'a'.repeat(32)],
    ['SESSION_SECRET', '0123456789abcdef0123456789abcdef'],
    ['SESSION_SECRET', `${sound.SESSION_SECRET},${'ab'.repeat(16)}`],
    ['PUBLIC_URL', 'http://docket.example'],
    ['OPS_ACCESS', 'open'],
    ['LOG_LEVEL', 'trace'],
    ['DATABASE_URL', 'postgres://docket:docket-inside-this-network-only@postgres:5432/docket'],
    ['DATABASE_URL', 'postgres://docket:%70ostgres@db.example/docket'],
    ['EVENTSTORE_URL', 'esdb://admin:changeit@eventstore:2113'],
    ['EVENTSTORE_URL', 'esdb://a.example:2113,10.0.0.1:2113?tls=false'],
    ['EVENTSTORE_URL', 'esdb://203.0.113.1:2113?tls=false'],
  ])('refuses %s=%s by name [A-BF05]', (name, value) => {
    expect(faultsOf({ ...sound, [name]: value })).toContain(name);
    expect(faultsOf({ [name]: value, NODE_ENV: 'test' })).toBe('');
  });

  it('asks for the secret of sessions where sessions are made, and names itself as the reason', () => {
    const projector = loadSettings({ ...sound, SESSION_SECRET: '' });
    expect(publicFaults(projector)).toEqual([expect.stringContaining('NODE_ENV is production')]);
    expect(publicFaults({ ...projector, NODE_ENV: 'development' })).toEqual([]);
  });

  it('refuses an operator’s rule that an unnamed proxy would open to everybody', () => {
    const settings = loadSettings({ ...sound, PUBLIC_URL: '' });
    expect(publicFaults(settings)).toHaveLength(1);
    expect(publicFaults({ ...settings, TRUST_PROXY: 'loopback' })).toEqual([]);
    expect(publicFaults({ ...settings, OPS_ACCESS: '10.0.0.0/8' })).toEqual([]);
  });
});

describe('PUBLIC_URL', () => {
  it.each(['https://docket.example/docket', 'https://docket.example/?a=1', 'https://docket.example/#x'])(
    '%s is refused: Docket is served at the root of its address',
    (PUBLIC_URL) => {
      expect(faultsOf({ PUBLIC_URL })).toContain('PUBLIC_URL must be an origin');
    },
  );

  it.each(['https://docket.example', 'https://docket.example/', 'http://[::1]:8080'])(
    '%s is taken',
    (url) => {
      expect(faultsOf({ PUBLIC_URL: url })).toBe('');
    },
  );
});
