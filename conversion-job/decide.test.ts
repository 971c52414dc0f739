import { describe, expect, it } from '@jest/globals';
import type { JobCommandType } from '../schemas/job-commands.ts';
import type { JobStateName } from '../schemas/job-states.ts';
import type { Decision } from './decide.ts';
import { COMMAND_OF, HISTORY_OF, sourceExpired } from '../tests/rooms/conversion-job/samples.ts';
import { at, given, POLICY, scenario } from '../tests/rooms/conversion-job/scenario.ts';

/** A decision in one word for a cell of the table: the events, `-` for none, or the refusal's code. */
function inWords(decision: Decision): string {
  if ('refused' in decision) return decision.refused.code;
  return decision.accepted.map((event) => event.type).join('+') || '-';
}

const REOPENED = 'DocumentUploaded+ConversionRequested';
type Row = Record<JobStateName | 'absent', string>;

/** Every state with every command. No cell is missing. */
const TABLE: Record<JobCommandType, Row> = {
  UploadDocument: {
    absent: REOPENED,
    queued: '-',
    converting: '-',
    waiting: '-',
    ready: '-',
    failed: REOPENED,
    cancelled: REOPENED,
    expired: REOPENED,
  },
  RetryConversion: {
    absent: 'NOT_FOUND',
    queued: 'CONFLICT',
    converting: 'CONFLICT',
    waiting: 'CONFLICT',
    ready: 'CONFLICT',
    failed: 'ConversionRequested',
    cancelled: 'ConversionRequested',
    expired: 'ConversionRequested',
  },
  CancelConversion: {
    absent: 'NOT_FOUND',
    queued: 'ConversionCancelled',
    converting: 'ConversionCancelled',
    waiting: 'ConversionCancelled',
    ready: 'CONFLICT',
    failed: 'CONFLICT',
    cancelled: '-',
    expired: 'CONFLICT',
  },
  StartAttempt: {
    absent: 'NOT_FOUND',
    queued: 'ConversionStarted',
    converting: 'CONFLICT',
    waiting: 'ConversionStarted',
    ready: 'CONFLICT',
    failed: 'CONFLICT',
    cancelled: 'CONFLICT',
    expired: 'CONFLICT',
  },
  CompleteAttempt: {
    absent: 'NOT_FOUND',
    queued: 'LEASE_LOST',
    converting: 'ConversionSucceeded',
    waiting: 'LEASE_LOST',
    ready: '-',
    failed: 'LEASE_LOST',
    cancelled: 'LEASE_LOST',
    expired: 'LEASE_LOST',
  },
  ReportFailure: {
    absent: 'NOT_FOUND',
    queued: 'LEASE_LOST',
    converting: 'ConversionDeferred',
    waiting: 'LEASE_LOST',
    ready: 'LEASE_LOST',
    failed: 'LEASE_LOST',
    cancelled: 'LEASE_LOST',
    expired: 'LEASE_LOST',
  },
  AbandonAttempt: {
    absent: 'NOT_FOUND',
    queued: 'LEASE_LOST',
    converting: 'AttemptAbandoned',
    waiting: 'LEASE_LOST',
    ready: 'LEASE_LOST',
    failed: 'LEASE_LOST',
    cancelled: 'LEASE_LOST',
    expired: 'LEASE_LOST',
  },
  RecordDownload: {
    absent: 'NOT_FOUND',
    queued: 'NOT_READY',
    converting: 'NOT_READY',
    waiting: 'NOT_READY',
    ready: 'ResultDownloaded',
    failed: 'NOT_READY',
    cancelled: 'NOT_READY',
    expired: 'ResultDownloaded',
  },
  ExpireResult: {
    absent: 'NOT_FOUND',
    queued: 'CONFLICT',
    converting: 'CONFLICT',
    waiting: 'CONFLICT',
    ready: 'ResultExpired',
    failed: 'CONFLICT',
    cancelled: 'CONFLICT',
    expired: '-',
  },
  ExpireSource: {
    absent: 'NOT_FOUND',
    queued: 'CONFLICT',
    converting: 'CONFLICT',
    waiting: 'CONFLICT',
    ready: 'SourceExpired',
    failed: 'SourceExpired',
    cancelled: 'SourceExpired',
    expired: 'SourceExpired',
  },
};

describe('every state against every command', () => {
  const cells = Object.entries(TABLE).flatMap(([command, row]) =>
    Object.entries(row).map(([state, expected]) => ({ command, state, expected })),
  );
  it.each(cells)('$command on a job that is $state: $expected', ({ command, state, expected }) => {
    const history = HISTORY_OF[state as keyof typeof HISTORY_OF];
    expect(inWords(scenario(...history).when(COMMAND_OF[command as JobCommandType]))).toBe(expected);
  });
});

describe('claims and leases', () => {
  it('a waiting job is not claimed before its time', () => {
    const decision = scenario(...HISTORY_OF.waiting).when({ ...COMMAND_OF.StartAttempt, at: at(6) });
    expect(inWords(decision)).toBe('TOO_EARLY');
  });

  it('an outcome with another fencing token changes nothing [R04.01][I4]', () => {
    const job = scenario(...HISTORY_OF.converting);
    expect(inWords(job.when({ ...COMMAND_OF.CompleteAttempt, fencingToken: '1' }))).toBe('LEASE_LOST');
    expect(inWords(job.when({ ...COMMAND_OF.ReportFailure, fencingToken: '3' }))).toBe('LEASE_LOST');
    expect(inWords(job.when({ ...COMMAND_OF.AbandonAttempt, fencingToken: '9' }))).toBe('LEASE_LOST');
  });

  it('the fencing token is the revision of the claim', () => {
    expect(given(...HISTORY_OF.converting)).toMatchObject({
      state: 'converting',
      fencingToken: '2',
      attempts: 1,
    });
  });
});

describe('the retry table', () => {
  const attemptsUntilFailed = (failure: Partial<typeof COMMAND_OF.ReportFailure>): number => {
    const events = [...HISTORY_OF.queued];
    for (let attempt = 1; attempt < 20; attempt += 1) {
      const claim = scenario(...events).when({ ...COMMAND_OF.StartAttempt, at: at(attempt * 61) });
      if ('refused' in claim) throw new Error(claim.refused.rule);
      events.push(...claim.accepted);
      const fencingToken = String(events.length - 1);
      const outcome = scenario(...events).when({
        ...COMMAND_OF.ReportFailure,
        at: at(attempt * 61),
        fencingToken,
        ...failure,
      });
      if ('refused' in outcome) throw new Error(outcome.refused.rule);
      events.push(...outcome.accepted);
      if (given(...events).state === 'failed') return attempt;
    }
    throw new Error('never failed');
  };

  it.each([
    ['GW_4XX', 1],
    ['GW_5XX', 3],
    ['GW_TIMEOUT', 3],
    ['GW_UNREACHABLE', 3],
    ['GW_BAD_OUTPUT', 3],
    ['IO_ERROR', 2],
    ['JOB_TIMEOUT', 1],
  ] as const)('%s is tried %d times in all [R06.01][R06.04][I12]', (code, attempts) => {
    expect(attemptsUntilFailed({ code })).toBe(attempts);
  });

  it('a failure that is final ends the job whatever its code', () => {
    expect(attemptsUntilFailed({ code: 'GW_5XX', final: true })).toBe(1);
  });

  it('no attempt is scheduled beyond the time for one job [R04.03]', () => {
    const decision = scenario(...HISTORY_OF.converting).when({
      ...COMMAND_OF.ReportFailure,
      at: at(300),
      jitter: 0.99,
    });
    expect(decision).toMatchObject({
      accepted: [{ type: 'ConversionFailed', data: { code: 'JOB_TIMEOUT' } }],
    });
  });

  it('a job that kills its worker three times is abandoned for good [D31][R06.02]', () => {
    const events = [...HISTORY_OF.queued];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const claim = scenario(...events).when(COMMAND_OF.StartAttempt);
      if ('accepted' in claim) events.push(...claim.accepted);
      const end = scenario(...events).when({
        ...COMMAND_OF.AbandonAttempt,
        fencingToken: String(events.length - 1),
      });
      if ('accepted' in end) events.push(...end.accepted);
    }
    expect(given(...events)).toMatchObject({ state: 'failed', failure: { code: 'ABANDONED' }, attempts: 3 });
  });

  it('a shutdown of ours gives the attempt back without charging it', () => {
    const stopped = scenario(...HISTORY_OF.converting).when({
      ...COMMAND_OF.AbandonAttempt,
      cause: 'shutdown',
    });
    const events = 'accepted' in stopped ? stopped.accepted : [];
    expect(given(...HISTORY_OF.converting, ...events)).toMatchObject({
      state: 'queued',
      attempts: 1,
      chargedAttempts: 0,
    });
  });
});

describe('reopening', () => {
  it('a retry needs the PDF', () => {
    const decision = scenario(...HISTORY_OF.failed, sourceExpired).when(COMMAND_OF.RetryConversion);
    expect(inWords(decision)).toBe('EXPIRED');
  });

  it('a job whose PDF expired is reopened by uploading the file again', () => {
    const history = [...HISTORY_OF.failed, sourceExpired];
    const decision = scenario(...history).when(COMMAND_OF.UploadDocument);
    const events = 'accepted' in decision ? decision.accepted : [];
    const job = given(...history, ...events);
    expect(job).toMatchObject({
      state: 'queued',
      sourceBlobKey: 'sources/two.pdf',
      attempts: 0,
      attemptsEver: 1,
      runs: 2,
    });
    expect(job).toMatchObject({ createdAt: at(0) });
  });

  it('a retry starts a new budget', () => {
    const decision = scenario(...HISTORY_OF.failed).when(COMMAND_OF.RetryConversion);
    const events = 'accepted' in decision ? decision.accepted : [];
    expect(given(...HISTORY_OF.failed, ...events)).toMatchObject({
      state: 'queued',
      chargedAttempts: 0,
      attemptsEver: 1,
    });
    expect(POLICY.maxAttempts).toBe(3);
  });
});
