import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { jobStream } from '../../schemas/events/streams.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { foldChanges, type FedEvent } from '../work-list/fold-changes.ts';
import type { ClaimedItem } from '../work-list/work-list.ts';
import { handOver, type Reservation } from './hand-over.ts';

const AT = '2026-01-02T03:04:05.678Z';
const RESERVATION: Reservation = { workerId: 'p.00000001', reserveMs: 30_000 };

let position = 0n;
function fed(jobId: string, revision: bigint, event: JobEvent): FedEvent {
  position += 1n;
  const recorded = {
    id: randomUUID(),
    type: event.type,
    stream: jobStream(jobId),
    revision,
    position,
    data: event.data,
    metadata: {},
  };
  return { recorded, event, hash: 'a'.repeat(64) };
}

function newJob(jobId = randomUUID()): [FedEvent, FedEvent] {
  const mapping = { id: 'm', version: 1 };
  const document = { jobId, owner: 'o', filename: 'f.pdf', bytes: 1, sha256: 'b'.repeat(64), mapping };
  return [
    fed(jobId, 0n, {
      type: 'DocumentUploaded',
      data: { at: AT, ...document, blobKey: `sources/${jobId}.pdf` },
    }),
    fed(jobId, 1n, { type: 'ConversionRequested', data: { at: AT, by: 'upload', priority: 0 } }),
  ];
}

function begun(answer: Reservation | null) {
  const items: ClaimedItem[] = [];
  const handing = handOver((item) => {
    items.push(item);
    return answer;
  });
  return { items, handing };
}

describe('handing new jobs over', () => {
  it('begins a job at its request, whole, and its row says who has it until it is written', () => {
    const { items, handing } = begun(RESERVATION);
    const job = newJob();
    expect(job.map(handing.offer)).toEqual([false, true]);
    expect(items).toMatchObject([{ owner: 'o', revision: 1n, known: { job: { state: 'queued' } } }]);
    const { changes } = foldChanges(job, new Map());
    const reserved = handing.reserved(changes);
    expect(reserved).toMatchObject([{ placement: { place: 'claimed', ...RESERVATION }, revision: 1n }]);
    // A write that failed is written once more, as it was.
    expect(handing.reserved(changes)).toEqual(reserved);
    handing.written(reserved);
    expect(handing.reserved(changes)).toEqual(changes);
  });

  it('leaves a job that nobody begins to the list', () => {
    const { handing } = begun(null);
    const job = newJob();
    expect(job.map(handing.offer)).toEqual([false, false]);
    const { changes } = foldChanges(job, new Map());
    expect(handing.reserved(changes)).toEqual(changes);
  });

  it('begins no job whose stream it has not seen from its first event to its request', () => {
    const { items, handing } = begun(RESERVATION);
    const [uploaded, requested] = newJob();
    const [, other] = newJob();
    expect([requested, uploaded, other].map(handing.offer)).toEqual([false, false, false]);
    const again = fed(randomUUID(), 7n, requested.event as JobEvent);
    expect([uploaded, again].map(handing.offer)).toEqual([false, false]);
    expect(items).toEqual([]);
  });

  it('writes what a later event says of a job that was begun', () => {
    const { handing } = begun(RESERVATION);
    const job = newJob();
    job.forEach(handing.offer);
    const { jobId } = (job[0].event as { data: { jobId: string } }).data;
    const cancelled = fed(jobId, 2n, { type: 'ConversionCancelled', data: { at: AT, by: 'owner' } });
    const { changes } = foldChanges([...job, cancelled], new Map());
    expect(handing.reserved(changes)).toMatchObject([{ placement: { place: 'done' }, revision: 2n }]);
  });

  it('offers a job to everybody that was begun and abandoned before its row is written', () => {
    const { handing } = begun(RESERVATION);
    const job = newJob();
    job.forEach(handing.offer);
    const { jobId } = (job[0].event as { data: { jobId: string } }).data;
    const start = { at: AT, attempt: 1, workerId: RESERVATION.workerId, leaseUntil: AT };
    const abandon = { at: AT, attempt: 1, fencingToken: '2', cause: 'shutdown' } as const;
    const events = [
      ...job,
      fed(jobId, 2n, { type: 'ConversionStarted', data: start }),
      fed(jobId, 3n, { type: 'AttemptAbandoned', data: abandon }),
    ];
    const { changes } = foldChanges(events, new Map());
    expect(handing.reserved(changes)).toMatchObject([{ placement: { place: 'offered' }, revision: 3n }]);
  });
});
