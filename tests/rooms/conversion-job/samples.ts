import type { JobCommand, JobCommandType } from '../../../schemas/job-commands.ts';
import type { JobEvent } from '../../../schemas/events/job-events.ts';
import type { JobStateName } from '../../../schemas/job-states.ts';
import { at } from './scenario.ts';

const SHA = 'a'.repeat(64);
const JOB_ID = '0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11';

const uploaded: JobEvent = {
  type: 'DocumentUploaded',
  data: {
    at: at(0),
    jobId: JOB_ID,
    owner: 'owner-1',
    filename: 'fatura.pdf',
    bytes: 1234,
    sha256: SHA,
    blobKey: 'sources/one.pdf',
    mapping: { id: 'pt_simon_invoice_v1', version: 1 },
  },
};
const requested: JobEvent = { type: 'ConversionRequested', data: { at: at(0), by: 'upload', priority: 0 } };
const started: JobEvent = {
  type: 'ConversionStarted',
  data: { at: at(1), attempt: 1, workerId: 'w1', leaseUntil: at(91) },
};
const deferred: JobEvent = {
  type: 'ConversionDeferred',
  data: {
    at: at(2),
    attempt: 1,
    fencingToken: '2',
    code: 'GW_5XX',
    reason: null,
    message: 'The gateway answered 500.',
    notBefore: at(7),
  },
};
const succeeded: JobEvent = {
  type: 'ConversionSucceeded',
  data: {
    at: at(2),
    attempt: 1,
    fencingToken: '2',
    pages: 1,
    gatewayMs: 40,
    warnings: [],
    result: { blobKey: 'results/one/2', sha256: SHA, bytes: 99, mediaType: 'application/xml' },
  },
};
const failed: JobEvent = {
  type: 'ConversionFailed',
  data: {
    at: at(2),
    attempts: 1,
    fencingToken: '2',
    code: 'GW_4XX',
    reason: 'NO_TEXT',
    message: 'This PDF is a scan: it has no text to read.',
  },
};
const cancelled: JobEvent = { type: 'ConversionCancelled', data: { at: at(2), by: 'owner' } };
const resultExpired: JobEvent = {
  type: 'ResultExpired',
  data: { at: at(3), blobKey: 'results/one/2', cause: 'age' },
};

/** The shortest history that leads to each state. */
export const HISTORY_OF: Record<JobStateName | 'absent', readonly JobEvent[]> = {
  absent: [],
  queued: [uploaded, requested],
  converting: [uploaded, requested, started],
  waiting: [uploaded, requested, started, deferred],
  ready: [uploaded, requested, started, succeeded],
  failed: [uploaded, requested, started, failed],
  cancelled: [uploaded, requested, cancelled],
  expired: [uploaded, requested, started, succeeded, resultExpired],
};

export const sourceExpired: JobEvent = {
  type: 'SourceExpired',
  data: { at: at(4), blobKey: 'sources/one.pdf', cause: 'age' },
};

/** One plausible command of each type, an hour after the history. */
export const COMMAND_OF: { readonly [Type in JobCommandType]: Extract<JobCommand, { type: Type }> } = {
  UploadDocument: {
    type: 'UploadDocument',
    at: at(3600),
    jobId: JOB_ID,
    owner: 'owner-1',
    filename: 'again.pdf',
    bytes: 1234,
    sha256: SHA,
    blobKey: 'sources/two.pdf',
    priority: 0,
    mapping: { id: 'pt_simon_invoice_v1', version: 1 },
  },
  RetryConversion: { type: 'RetryConversion', at: at(3600), priority: 0 },
  CancelConversion: { type: 'CancelConversion', at: at(3600), by: 'owner' },
  StartAttempt: { type: 'StartAttempt', at: at(3600), workerId: 'w2', leaseUntil: at(3690) },
  CompleteAttempt: {
    type: 'CompleteAttempt',
    at: at(3600),
    fencingToken: '2',
    pages: 1,
    gatewayMs: 40,
    warnings: [],
    result: { blobKey: 'results/one/2', sha256: SHA, bytes: 99, mediaType: 'application/xml' },
  },
  ReportFailure: {
    type: 'ReportFailure',
    at: at(3),
    fencingToken: '2',
    code: 'GW_5XX',
    reason: null,
    final: false,
    message: 'The gateway answered 500.',
    retryAfterMs: null,
    jitter: 0.5,
  },
  AbandonAttempt: { type: 'AbandonAttempt', at: at(92), fencingToken: '2', cause: 'lease-ended' },
  RecordDownload: { type: 'RecordDownload', at: at(3600), bytes: 99 },
  ExpireResult: { type: 'ExpireResult', at: at(3600), cause: 'age' },
  ExpireSource: { type: 'ExpireSource', at: at(3600), cause: 'age' },
};
