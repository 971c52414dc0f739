import { describe, expect, it } from '@jest/globals';
import { createLog } from '../../runtime/log/log.ts';
import { startClaimLoop } from './claim-loop.ts';

describe('the claim loop', () => {
  it('says that claiming works again after an attempt that could not be recorded [D24]', async () => {
    const told: unknown[] = [];
    const trouble = new Error('the log does not answer');
    const item = { jobId: 'a' } as never;
    const claims = [[item], [], []];
    const loop = startClaimLoop({
      list: {
        claim: () => Promise.resolve(claims.shift() ?? []),
        release: () => Promise.resolve(),
        takePermits: (max) => Promise.resolve({ granted: max, waitMs: 0 }),
        returnPermits: () => Promise.resolve(),
      },
      workerId: 'p.00000000',
      room: (running) => 1 - running,
      aheadMax: () => 0,
      maxRate: undefined,
      run: () => Promise.reject(trouble),
      onTrouble: (error) => void told.push(error),
      logger: createLog('test', 'silent'),
    });
    loop.wake();
    await loop.drained(1_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
    loop.wake();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told).toContain(trouble);
    expect(told.at(-1)).toBeNull();
    await loop.close();
  });
});
