import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { EVENT_LOOP_DELAY_METRICS, measureEventLoopDelay } from './event-loop-delay.ts';
import { createMetrics } from './metrics.ts';

const WAIT_MS_MAX = 60_000;

/** Node has a first value after two intervals of a second. Each question begins them anew. */
const ASKED_EVERY_MS = 2_500;

async function until(isTrue: () => boolean | Promise<boolean>, everyMs = 10): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error('It did not become true.');
    await sleep(everyMs);
  }
}

function valueOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

describe('the delay of the event loop', () => {
  it('is measured while somebody asks, and not before or after', async () => {
    const registry = new Registry();
    const isMeasured = measureEventLoopDelay({ registry, prefix: '', askedWithinMs: 50 });
    expect(isMeasured()).toBe(false);
    await registry.metrics();
    expect(isMeasured()).toBe(true);
    await until(() => !isMeasured());
    await registry.metrics();
    expect(isMeasured()).toBe(true);
  });

  it('is zero in the first answer, and real in a later one', async () => {
    const metrics = createMetrics();
    const first = await metrics.metrics();
    for (const name of EVENT_LOOP_DELAY_METRICS.slice(1)) expect(valueOf(first, `docket_${name}`)).toBe(0);
    const isReal = async (): Promise<boolean> =>
      valueOf(await metrics.metrics(), 'docket_nodejs_eventloop_lag_p99_seconds') > 0;
    await until(isReal, ASKED_EVERY_MS);
  });
});
