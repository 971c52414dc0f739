import { expect, it } from '@jest/globals';
import type { LostLease } from '../work-list/work-list.ts';
import { ownLeaseWatch } from './own-leases.ts';

it('a worker that begins nothing asks the list seldom, and gives a stray lease back all the same', async () => {
  let begun = 1;
  let asked = 0;
  let leases: { jobId: string; fencingToken: string }[] = [];
  const abandoned: LostLease[] = [];
  const look = ownLeaseWatch({
    list: {
      leasesOf: () => {
        asked += 1;
        return Promise.resolve(leases);
      },
    },
    commands: { look: () => Promise.reject(new Error('nothing runs')) },
    workerId: 'p.00000001',
    running: () => [],
    begun: () => begun,
    abandon: (lease) => Promise.resolve(void abandoned.push(lease)),
    settledAfterMs: 0,
  });
  const looks = async (count: number): Promise<number> => {
    const before = asked;
    for (let n = 0; n < count; n += 1) await look();
    return asked - before;
  };
  await looks(100);
  expect(await looks(90)).toBeLessThanOrEqual(7);
  // The answer of a start was lost: the lease shows itself later, and nothing runs here.
  begun += 1;
  expect(await looks(3)).toBe(3);
  leases = [{ jobId: 'a', fencingToken: '5' }];
  await looks(2);
  expect(abandoned).toEqual([{ jobId: 'a', fencingToken: '5', cause: 'lease-ended' }]);
  // One of which nobody here knows anything is found within a minute of such looks.
  leases = [];
  await looks(100);
  abandoned.length = 0;
  leases = [{ jobId: 'b', fencingToken: '7' }];
  await looks(30);
  expect(abandoned[0]).toMatchObject({ jobId: 'b' });
});
