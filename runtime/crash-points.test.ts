import { describe, expect, it } from '@jest/globals';
import { checkCrashPoint, crashPoint } from './crash-points.ts';

describe('crash points', () => {
  it('are refused in production [D01-D09]', () => {
    expect(() => checkCrashPoint({ CRASH_AT: 'mid-tmp' }, 'production')).toThrow('refused in production');
  });

  it('must be known by name, so that a drill cannot pass by a spelling mistake', () => {
    expect(() => checkCrashPoint({ CRASH_AT: 'mid-tpm' }, 'test')).toThrow('CRASH_AT must be one of');
    expect(() => checkCrashPoint({ CRASH_AT: 'mid-tmp' }, 'test')).not.toThrow();
    expect(() => checkCrashPoint({}, 'production')).not.toThrow();
  });

  it('do nothing unless they are named', () => {
    delete process.env['CRASH_AT'];
    crashPoint('mid-tmp');
  });
});
