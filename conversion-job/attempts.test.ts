import { describe, expect, it } from '@jest/globals';
import type { JobEvent } from '../schemas/events/job-events.ts';
import { attemptsOf } from './attempts.ts';
import { causesOf, type Cause } from './causes.ts';
import type { BreakerPause, RecordedJobEvent } from './recorded.ts';
import { HISTORY_OF } from '../tests/rooms/conversion-job/samples.ts';
import { at } from '../tests/rooms/conversion-job/scenario.ts';

const started = (attempt: number, sec: number): JobEvent => ({
  type: 'ConversionStarted',
  data: { at: at(sec), attempt, workerId: 'w2', leaseUntil: at(sec + 90) },
});
const abandoned: JobEvent = {
  type: 'AttemptAbandoned',
  data: { at: at(20), attempt: 2, fencingToken: '4', cause: 'processor-silent' },
};
const STORY: readonly JobEvent[] = [
  ...HISTORY_OF.waiting,
  started(2, 8),
  abandoned,
  started(3, 22),
  {
    type: 'ConversionSucceeded',
    data: {
      at: at(23),
      attempt: 3,
      fencingToken: '6',
      pages: 1,
      gatewayMs: 40,
      warnings: [],
      result: { blobKey: 'results/one/6', sha256: 'a'.repeat(64), bytes: 9, mediaType: 'application/xml' },
    },
  },
  { type: 'ResultDownloaded', data: { at: at(60), bytes: 9 } },
];

/**
 * Gives the events the ids of the log: the upload's two events belong to one request, and each later event to a command
 * of its own.
 */
function recorded(events: readonly JobEvent[]): RecordedJobEvent[] {
  return events.map((event, index) => ({
    event,
    revision: BigInt(index),
    position: BigInt(100 + index),
    actor: event.type === 'ResultDownloaded' || index < 2 ? 'owner:o1' : 'processor:w2',
    correlationId: index < 2 ? 'upload-request' : `step-${index}`,
    causationId: index < 2 ? 'upload-command' : `command-${index}`,
  }));
}

describe('the attempts of a job', () => {
  it('have an outcome, a code, a duration and a backoff each', () => {
    const attempts = attemptsOf(recorded(STORY));
    expect(attempts).toMatchObject([
      {
        attempt: 1,
        outcome: 'deferred',
        code: 'GW_5XX',
        durationMs: 1_000,
        backoffMs: 5_000,
        endRevision: 3,
      },
      { attempt: 2, outcome: 'abandoned', code: 'processor-silent', durationMs: 12_000, backoffMs: null },
      { attempt: 3, outcome: 'succeeded', code: null, durationMs: 1_000, gatewayMs: 40 },
    ]);
  });

  it('go on running until their own outcome: one with another token changes nothing', () => {
    const stranger: JobEvent = { ...abandoned, data: { ...abandoned.data, fencingToken: '1' } };
    expect(attemptsOf(recorded([...HISTORY_OF.converting, stranger]))).toMatchObject([
      { attempt: 1, outcome: 'running', endedAt: null, durationMs: null },
    ]);
  });

  it('end with a cancellation, and never below 0 ms when two clocks disagree', () => {
    const early: JobEvent = { type: 'ConversionCancelled', data: { at: at(0), by: 'owner' } };
    expect(attemptsOf(recorded([...HISTORY_OF.converting, early]))).toMatchObject([
      { outcome: 'cancelled', durationMs: 0 },
    ]);
  });
});

describe('the tree of causes', () => {
  const shape = (cause: Cause): unknown => [`${cause.kind} ${cause.id}`, ...cause.led.map(shape)];
  const treeOf = (events: readonly JobEvent[], pauses: readonly BreakerPause[] = []) => {
    const history = recorded(events);
    return causesOf(history, attemptsOf(history), pauses).map(shape);
  };

  it('leads from the request over command, event and attempt to the outcome', () => {
    expect(treeOf(STORY)).toEqual([
      [
        'request upload-request',
        [
          'command upload-command',
          ['event 0'],
          [
            'event 1',
            ['command command-2', ['event 2', ['attempt 1', ['command command-3', ['event 3']]]]],
            ['command command-4', ['event 4', ['attempt 2', ['command command-5', ['event 5']]]]],
            ['command command-6', ['event 6', ['attempt 3', ['command command-7', ['event 7']]]]],
          ],
        ],
      ],
      ['request step-8', ['command command-8', ['event 8']]],
    ]);
  });

  it('names the open circuit breaker before the claim it held up, and no other', () => {
    const pause = (pausedAt: string, resumedAt: string | null): BreakerPause => ({
      processorId: `p-${pausedAt}`,
      pausedAt,
      resumedAt,
      failures: 5,
      lastCode: 'GW_5XX',
    });
    const heldUp = pause(at(7), at(7.5));
    const text = JSON.stringify(treeOf(STORY, [heldUp, pause(at(30), null)]));
    expect(text).toContain(`"breaker ${heldUp.processorId}"],["command command-4"`);
    expect(text.match(/breaker/g)).toHaveLength(1);
    const waiting = JSON.stringify(treeOf(HISTORY_OF.queued, [pause(at(30), null)]));
    expect(waiting.match(/breaker/g)).toHaveLength(1);
  });
});
