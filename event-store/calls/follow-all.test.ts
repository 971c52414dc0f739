import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from '@jest/globals';
import { createLog } from '../../runtime/log/log.ts';
import type { Following } from '../event-log.ts';
import { followAll, type Subscribed } from './follow-all.ts';

const WAIT_MS_MAX = 60_000;

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error('It did not become true.');
    await sleep(5);
  }
}

describe('a subscription without events', () => {
  let following: Following | undefined;
  afterEach(() => following?.stop());

  it('checks its server seldom after a quiet time, and often again after the next event', async () => {
    let checks = 0;
    let subscribed: Subscribed | undefined;
    const generation = { client: 'the only one', number: 1, silentSinceMs: null };
    following = followAll<string>(
      {
        generations: {
          current: () => Promise.resolve(generation),
          doubt: () => {
            checks += 1;
            return Promise.resolve(true);
          },
          giveUp: () => undefined,
          unavailable: () => {
            throw new Error('Nothing fails here.');
          },
          close: () => Promise.resolve(),
        },
        subscribe: (_client, asked, stop) => {
          subscribed = asked;
          return new Promise((resolve) => stop.addEventListener('abort', () => resolve()));
        },
        isInLog: () => Promise.resolve(true),
        log: createLog('test', 'silent'),
        heartbeat: { livelyMs: 5, quietMs: 600_000, quietAfterMs: 200 },
      },
      {
        filter: { streamPrefixes: ['job-'] },
        after: () => Promise.resolve('start'),
        onEvent: () => undefined,
      },
    );
    await until(() => checks > 0);
    // The pause becomes long: no further check comes.
    let before = -1;
    while (before !== checks) {
      before = checks;
      await sleep(400);
    }
    await subscribed?.onCheckpoint(1n);
    await until(() => checks > before);
  });
});
