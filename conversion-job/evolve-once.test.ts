import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobHistories } from '../tests/rooms/projector/job-histories.ts';
import { understandJobEvent } from '../schemas/events/understand-job-event.ts';
import { evolveOnce } from './evolve-once.ts';
import { evolve } from './evolve.ts';
import { ABSENT, type Job } from './job.ts';

it('two folds of the same events hold one job, and it is the job that evolve makes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (seed) => {
      const folds = [0, 1, 2].map(() => new Map<string, Job>());
      const [one, other, alone] = folds as [Map<string, Job>, Map<string, Job>, Map<string, Job>];
      for (const recorded of jobHistories(6, seed)) {
        const { stream, revision } = recorded;
        const event = understandJobEvent(recorded);
        one.set(stream, evolveOnce(one.get(stream) ?? ABSENT, event, revision));
        other.set(stream, evolveOnce(other.get(stream) ?? ABSENT, event, revision));
        alone.set(stream, evolve(alone.get(stream) ?? ABSENT, event, revision));
        expect(other.get(stream)).toBe(one.get(stream));
        expect(one.get(stream)).toEqual(alone.get(stream));
      }
    }),
    { numRuns: 100 },
  );
});

it('a fold of an equal but other job, and of another revision, makes its own', () => {
  const [uploaded, requested] = jobHistories(1, 3).map((recorded) => understandJobEvent(recorded));
  const job = evolve(ABSENT, uploaded!, 0n);
  const copy: Job = structuredClone(job);
  const first = evolveOnce(job, requested!, 1n);
  expect(evolveOnce(copy, requested!, 1n)).not.toBe(first);
  expect(evolveOnce(copy, requested!, 7n)).toEqual(evolve(copy, requested!, 7n));
  // The event itself is as it was, so that comparisons and copies of it see nothing.
  expect(Object.keys(requested!)).toEqual(['type', 'data']);
  expect({ ...requested! }).toEqual(JSON.parse(JSON.stringify(requested!)));
});
