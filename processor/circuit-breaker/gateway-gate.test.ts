import { createHook } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { gatewayGate } from './gateway-gate.ts';

const SETTINGS = {
  WORKER_CONCURRENCY: 4,
  GATEWAY_TIMEOUT_MS: 60_000,
  BREAKER_FAILURES: 5,
  BREAKER_RESET_MS: 10_000,
  BREAKER_OPEN_MODE: 'queue',
} as const;

const EVENTS = { onPaused: () => undefined, onResumed: () => undefined, onRoom: () => undefined };

describe('the gate before the gateway', () => {
  it('has no timer while no call runs', async () => {
    let timers = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'Timeout') timers += 1;
      },
      destroy: () => undefined,
    }).enable();
    const gate = gatewayGate({
      settings: SETTINGS,
      healthy: () => Promise.resolve(true),
      events: EVENTS,
      now: () => performance.now(),
    });
    hook.disable();
    expect(timers).toBe(0);
    expect(await gate.run(() => Promise.resolve('answered'))).toBe('answered');
    gate.stop();
  });
});
