import { expect, it } from '@jest/globals';
import type { LostLease } from '../work-list/work-list.ts';
import { ownLeaseWatch } from './own-leases.ts';

it('a worker that begins nothing is quiet until it begins an attempt, and gives a stray lease back all the same', async () => {
  let begun = 1;
  let leases: { jobId: string; fencingToken: string }[] = [];
  const abandoned: LostLease[] = [];
  const watch = ownLeaseWatch({
    list: { leasesOf: () => Promise.resolve(leases) },
    commands: { look: () => Promise.reject(new Error('nothing runs')) },
    workerId: 'p.00000001',
    running: () => [],
    begun: () => begun,
    abandon: (lease) => Promise.resolve(void abandoned.push(lease)),
    settledAfterMs: 0,
  });
  const looks = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) await watch.look();
  };
  await looks(10);
  expect(watch.isQuiet()).toBe(false);
  await looks(30);
  expect(watch.isQuiet()).toBe(true);
  // The answer of a start was lost: the lease shows itself later, and nothing runs here.
  begun += 1;
  expect(watch.isQuiet()).toBe(false);
  leases = [{ jobId: 'a', fencingToken: '5' }];
  await looks(2);
  expect(abandoned).toEqual([{ jobId: 'a', fencingToken: '5', cause: 'lease-ended' }]);
  // A quiet worker finds a lease of which it knows nothing at its next two looks.
  leases = [];
  await looks(40);
  expect(watch.isQuiet()).toBe(true);
  abandoned.length = 0;
  leases = [{ jobId: 'b', fencingToken: '7' }];
  await looks(2);
  expect(abandoned[0]).toMatchObject({ jobId: 'b' });
  expect(watch.isQuiet()).toBe(false);
});
