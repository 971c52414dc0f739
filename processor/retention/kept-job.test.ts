import { describe, expect, it } from '@jest/globals';
import { jobDecider } from '../../conversion-job/decider.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { keepingDecider, type KeptJob, type ReleaseFile } from './kept-job.ts';

const at = (day: number) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
const days = (count: number) => count * 24 * 60 * 60 * 1000;
const jobs = jobDecider({ maxAttempts: 3, backoffMs: 100, backoffMaxMs: 400, jobTimeoutMs: 60_000 });
const decider = ({ deleteResultOnDownload } = { deleteResultOnDownload: false }) =>
  keepingDecider(jobs, { sourceTtlMs: days(7), resultTtlMs: days(30), deleteResultOnDownload });

const JOB_ID = '0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11';
const uploaded = (day: number, blobKey = 'sources/a.pdf'): JobEvent[] => [
  {
    type: 'DocumentUploaded',
    data: {
      at: at(day),
      jobId: JOB_ID,
      owner: 'o',
      filename: 'a.pdf',
      bytes: 1,
      sha256: 'a'.repeat(64),
      blobKey,
      mapping: { id: 'm', version: 1 },
    },
  },
  { type: 'ConversionRequested', data: { at: at(day), by: 'upload', priority: 0 } },
];
const started = (day: number): JobEvent => ({
  type: 'ConversionStarted',
  data: { at: at(day), attempt: 1, workerId: 'w', leaseUntil: at(day + 1) },
});
const succeeded = (day: number, fencingToken: string): JobEvent => ({
  type: 'ConversionSucceeded',
  data: {
    at: at(day),
    attempt: 1,
    fencingToken,
    pages: 1,
    gatewayMs: 1,
    warnings: [],
    result: {
      blobKey: `results/${JOB_ID}/${fencingToken}`,
      sha256: 'b'.repeat(64),
      bytes: 1,
      mediaType: 'application/xml',
    },
  },
});
const downloaded = (day: number): JobEvent => ({ type: 'ResultDownloaded', data: { at: at(day), bytes: 1 } });
const kept = (events: readonly JobEvent[]): KeptJob =>
  events.reduce((folded, event, index) => decider().evolve(folded, event, BigInt(index)), decider().initial);
const source = (day: number, blobKey = 'sources/a.pdf'): ReleaseFile => ({
  kind: 'source',
  blobKey,
  at: at(day),
});
const result = (day: number, token = '2'): ReleaseFile => ({
  kind: 'result',
  blobKey: `results/${JOB_ID}/${token}`,
  at: at(day),
});
const typesOf = (decision: ReturnType<ReturnType<typeof decider>['decide']>) =>
  'accepted' in decision ? decision.accepted.map(({ type }) => type) : decision.refused.code;

const ready = [...uploaded(0), started(0), succeeded(1, '2')];

describe('what may be removed from a job', () => {
  it('is its PDF, PDF_TTL_DAYS after the upload and not before [I7]', () => {
    expect(typesOf(decider().decide(source(6), kept(ready)))).toBe('TOO_EARLY');
    expect(typesOf(decider().decide(source(7), kept(ready)))).toEqual(['SourceExpired']);
  });

  it('is never the PDF of an active job, however old [I7]', () => {
    for (const events of [uploaded(0), [...uploaded(0), started(0)]])
      expect(typesOf(decider().decide(source(1_000), kept(events)))).toBe('CONFLICT');
  });

  it('is its result, XML_TTL_DAYS after the conversion and not before', () => {
    expect(typesOf(decider().decide(result(30), kept(ready)))).toBe('TOO_EARLY');
    expect(typesOf(decider().decide(result(31), kept(ready)))).toEqual(['ResultExpired']);
  });

  it('is its result after a complete download, where that is asked for', () => {
    const events = [...ready, downloaded(2)];
    expect(typesOf(decider({ deleteResultOnDownload: false }).decide(result(2), kept(events)))).toBe(
      'TOO_EARLY',
    );
    expect(decider({ deleteResultOnDownload: true }).decide(result(2), kept(events))).toMatchObject({
      accepted: [{ type: 'ResultExpired', data: { cause: 'first-download' } }],
    });
    expect(typesOf(decider({ deleteResultOnDownload: true }).decide(result(2), kept(ready)))).toBe(
      'TOO_EARLY',
    );
  });

  it('is not the result of a new conversion because the one before it was downloaded', () => {
    const again: JobEvent[] = [
      ...ready,
      downloaded(2),
      { type: 'ResultExpired', data: { at: at(2), blobKey: result(2).blobKey, cause: 'first-download' } },
      { type: 'ConversionRequested', data: { at: at(3), by: 'retry', priority: 0 } },
      started(3),
      succeeded(4, '7'),
    ];
    expect(typesOf(decider({ deleteResultOnDownload: true }).decide(result(5, '7'), kept(again)))).toBe(
      'TOO_EARLY',
    );
    expect(typesOf(decider({ deleteResultOnDownload: true }).decide(result(5, '2'), kept(again)))).toEqual(
      [],
    );
  });

  it('is the file that a new upload has replaced, without an event', () => {
    const events: JobEvent[] = [
      ...uploaded(0),
      { type: 'ConversionCancelled', data: { at: at(1), by: 'owner' } },
      ...uploaded(2, 'sources/b.pdf'),
    ];
    expect(typesOf(decider().decide(source(2), kept(events)))).toEqual([]);
    expect(typesOf(decider().decide(source(2_000, 'sources/b.pdf'), kept(events)))).toBe('CONFLICT');
  });

  it('is never the blob that a running attempt is about to write', () => {
    const events = [...uploaded(0), started(0)];
    expect(typesOf(decider().decide(result(1_000), kept(events)))).toBe('TOO_EARLY');
  });
});
