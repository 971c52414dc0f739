import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventIdOf } from '../schemas/name-based-ids.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../schemas/events/job-events.ts';
import type { JobCommand } from '../schemas/job-commands.ts';
import { JOB_STATES } from '../schemas/job-states.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { ABSENT, type Job } from './job.ts';
import { attemptsAllowed, backoffMs } from './retry-policy.ts';
import { COMMAND_OF, HISTORY_OF, sourceExpired } from '../tests/rooms/conversion-job/samples.ts';
import { at, POLICY } from '../tests/rooms/conversion-job/scenario.ts';

const someEvent = fc.constantFrom<JobEvent>(...Object.values(HISTORY_OF).flat(), sourceExpired);
const someCommand = fc
  .tuple(
    fc.constantFrom<JobCommand>(...Object.values(COMMAND_OF)),
    fc.nat(400),
    fc.nat(30),
    fc.constantFrom('GW_4XX', 'GW_5XX', 'GW_TIMEOUT', 'GW_UNREACHABLE', 'GW_BAD_OUTPUT', 'IO_ERROR'),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  )
  .map(([command, sec, token, code, jitter]) => ({
    ...command,
    at: at(sec),
    ...('fencingToken' in command ? { fencingToken: String(token) } : {}),
    ...('code' in command ? { code, jitter } : {}),
  })) as fc.Arbitrary<JobCommand>;

/** Applies commands one after the other, as the command handler does. */
function live(commands: readonly JobCommand[]): { job: Job; events: JobEvent[] } {
  let job: Job = ABSENT;
  const events: JobEvent[] = [];
  for (const command of commands) {
    const decision = decide(command, job, POLICY);
    if ('refused' in decision) continue;
    for (const event of decision.accepted) {
      job = evolve(job, event, BigInt(events.length));
      events.push(event);
    }
  }
  return { job, events };
}

describe('the fold', () => {
  it('is total: any events in any order give a job in a listed state', () => {
    fc.assert(
      fc.property(fc.array(someEvent, { maxLength: 40 }), (events) => {
        const job = events.reduce<Job>(
          (folded, event, index) => evolve(folded, event, BigInt(index)),
          ABSENT,
        );
        expect(['absent', ...JOB_STATES]).toContain(job.state);
        if (job.state !== 'absent') expect(job.revision).toBe(BigInt(events.length - 1));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the job it was given as it was', () => {
    fc.assert(
      fc.property(fc.array(someEvent, { maxLength: 10 }), someEvent, (events, next) => {
        const job = events.reduce<Job>(
          (folded, event, index) => evolve(folded, event, BigInt(index)),
          ABSENT,
        );
        const before = JSON.stringify(job, (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        evolve(job, next, 99n);
        expect(
          JSON.stringify(job, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        ).toBe(before);
      }),
    );
  });
});

describe('decisions', () => {
  it('only write events that their own schemas accept', () => {
    fc.assert(
      fc.property(fc.array(someCommand, { maxLength: 30 }), (commands) => {
        for (const event of live([COMMAND_OF.UploadDocument, ...commands]).events)
          expect(JOB_EVENT_SCHEMAS[event.type].safeParse(event.data).error).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('are the same for the same command on the same job, and so are the event ids', () => {
    fc.assert(
      fc.property(
        fc.array(someCommand, { maxLength: 20 }),
        someCommand,
        fc.uuid(),
        (commands, command, commandId) => {
          const { job } = live([COMMAND_OF.UploadDocument, ...commands]);
          const first = decide(command, job, POLICY);
          const second = decide(command, job, POLICY);
          expect(second).toEqual(first);
          const ids = (of: typeof first) =>
            'accepted' in of ? of.accepted.map((_, index) => eventIdOf(commandId, index)) : [];
          expect(ids(second)).toEqual(ids(first));
          expect(new Set(ids(first)).size).toBe(ids(first).length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('end at most one run of a job as ready, and only while the lease is held [I2]', () => {
    fc.assert(
      fc.property(fc.array(someCommand, { maxLength: 60 }), (commands) => {
        const { events } = live([COMMAND_OF.UploadDocument, ...commands]);
        const runs = events.filter(({ type }) => type === 'ConversionRequested').length;
        expect(events.filter(({ type }) => type === 'ConversionSucceeded').length).toBeLessThanOrEqual(runs);
      }),
      { numRuns: 300 },
    );
  });
});

describe('backoff', () => {
  it('stays within the window and never below what the gateway asked for [R06.01]', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.option(fc.nat(200_000)),
        (attempts, jitter, retryAfterMs) => {
          const waitMs = backoffMs(attempts, jitter, retryAfterMs, POLICY);
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(retryAfterMs ?? 0, POLICY.backoffMaxMs));
          expect(waitMs).toBeLessThanOrEqual(POLICY.backoffMaxMs);
        },
      ),
    );
    expect(attemptsAllowed('ABANDONED', POLICY)).toBe(3);
  });
});
