import { describe, expect, it } from '@jest/globals';
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
