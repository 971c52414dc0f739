import { describe, expect, it } from '@jest/globals';
import type { ExistingJob } from '../../conversion-job/job.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { foldChanges, type FedEvent } from './fold-changes.ts';

const J = '6b1f5c1e-0a52-5d1c-8b7a-3c0b8a4c9d01';
const K = '6b1f5c1e-0a52-5d1c-8b7a-3c0b8a4c9d02';
const AT = '2026-01-01T00:00:00.000Z';
const later = (ms: number): string => new Date(Date.parse(AT) + ms).toISOString();
const uploaded: JobEvent = {
  type: 'DocumentUploaded',
  data: {
    at: AT,
    jobId: J,
    owner: 'ana',
    filename: 'a.pdf',
    bytes: 9,
    sha256: 'a'.repeat(64),
    blobKey: 'sources/a',
    mapping: { id: 'm', version: 1 },
  },
};
const requested: JobEvent = { type: 'ConversionRequested', data: { at: AT, by: 'upload', priority: 2 } };
const started: JobEvent = {
  type: 'ConversionStarted',
  data: { at: AT, attempt: 1, workerId: 'w.12345678', leaseUntil: later(90_000) },
};
const deferred: JobEvent = {
  type: 'ConversionDeferred',
  data: {
    at: AT,
    attempt: 1,
    fencingToken: '2',
    code: 'GW_5XX',
    reason: null,
    message: 'm',
    notBefore: later(5_000),
  },
};
const cancelled: JobEvent = { type: 'ConversionCancelled', data: { at: AT, by: 'owner' } };
const downloaded: JobEvent = { type: 'ResultDownloaded', data: { at: AT, bytes: 1 } };

/** A job's stream from `fromRevision`, a hundred positions apart. */
function stream(events: readonly (JobEvent | 'not-understood')[], fromRevision = 0, jobId = J): FedEvent[] {
  return events.map((event, index) => ({
    recorded: {
      id: 'e',
      type: 'T',
      stream: `job-${jobId}`,
      data: {},
      metadata: {},
      revision: BigInt(fromRevision + index),
      position: BigInt((fromRevision + index + 1) * 100),
    },
    event: event === 'not-understood' ? { notUnderstood: 'its type is unknown' } : event,
    hash: `hash of ${fromRevision + index}`,
  }));
}

describe('folding events into changes of the work list', () => {
  it('a new upload enters the list whole, so that its first attempt needs no read', () => {
    const { changes, lookUps } = foldChanges(stream([uploaded, requested]), new Map());
    expect(lookUps).toEqual([]);
    expect(changes).toEqual([
      {
        jobId: J,
        revision: 1n,
        placement: { place: 'offered' },
        standing: {
          owner: 'ana',
          priority: 2,
          requestedPosition: 200n,
          known: {
            job: expect.objectContaining({ state: 'queued', revision: 1n, owner: 'ana' }),
            hash: 'hash of 1',
          },
        },
      },
    ]);
  });

  it('an upload is remembered when its request comes in the next run', () => {
    const uploads = new Map<string, ExistingJob>();
    expect(foldChanges(stream([uploaded]), uploads).changes).toEqual([]);
    const { changes } = foldChanges(stream([requested], 1), uploads);
    expect(changes[0]?.standing?.known).toMatchObject({ job: { revision: 1n }, hash: 'hash of 1' });
    expect(uploads.size).toBe(0);
  });

  it('a job whose last event is older than the chain is not taken as known: a worker reads its stream first', () => {
    const events = stream([uploaded, requested]).map((fed) => ({ ...fed, hash: null }));
    expect(foldChanges(events, new Map()).changes[0]?.standing).toMatchObject({ owner: 'ana', known: null });
  });

  it('a retry, whose owner is only in the stream, is looked up', () => {
    const { changes, lookUps } = foldChanges(stream([requested], 7), new Map());
    expect(changes).toEqual([]);
    expect(lookUps).toEqual([J]);
  });

  it('a re-upload is looked up as well: the stream behind it is longer than this run', () => {
    expect(foldChanges(stream([uploaded, requested], 5), new Map()).lookUps).toEqual([J]);
  });

  it('a start makes it running under the revision of the start, and forgets what was known of the job', () => {
    const { changes } = foldChanges(stream([uploaded, requested, started]), new Map());
    expect(changes[0]?.placement).toEqual({
      place: 'running',
      workerId: 'w.12345678',
      fencingToken: '2',
      leaseMs: 90_000,
    });
    expect(changes[0]?.standing?.known).toBeNull();
  });

  it('a deferral is a wait of the length that one clock measured, never an instant of another', () => {
    const { changes } = foldChanges(stream([deferred], 3), new Map());
    expect(changes[0]?.placement).toMatchObject({ place: 'later', waitMs: 5_000 });
  });

  it('an end takes it off the list, and a download says nothing about work', () => {
    expect(foldChanges(stream([cancelled], 3), new Map()).changes[0]?.placement).toEqual({ place: 'done' });
    expect(foldChanges(stream([downloaded], 9), new Map()).changes).toEqual([]);
  });

  it('an event that is not understood holds its job, whatever comes after, and no other job [D30]', () => {
    const other = stream([uploaded, requested], 0, K);
    const { changes, held } = foldChanges([...stream(['not-understood', requested]), ...other], new Map());
    expect(held).toMatchObject([{ recorded: { revision: 0n }, reason: 'its type is unknown' }]);
    expect(changes.map((change) => [change.jobId, change.placement.place])).toEqual([
      [J, 'held'],
      [K, 'offered'],
    ]);
  });

  it('a stream whose name is no job id is no job, whatever its events say [D60]', () => {
    const odd = ['not-a-uuid', '', J.toUpperCase(), `${J}x`].flatMap((name) =>
      stream([uploaded, requested, 'not-understood'], 0, name),
    );
    expect(foldChanges(odd, new Map())).toEqual({ changes: [], lookUps: [], held: [] });
  });

  it('any cut of the log into runs gives each job the same last placement', () => {
    const events = stream([uploaded, requested, started, deferred, started, cancelled]);
    for (let cut = 0; cut <= events.length; cut += 1) {
      const uploads = new Map<string, ExistingJob>();
      const first = foldChanges(events.slice(0, cut), uploads);
      const second = foldChanges(events.slice(cut), uploads);
      expect([...first.changes, ...second.changes].at(-1)?.placement).toEqual({ place: 'done' });
    }
  });
});
