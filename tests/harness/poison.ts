import { randomUUID } from 'node:crypto';
import type { EventToAppend } from '../../event-store/event-log.ts';

/** The largest event of the tests: nearly as large as one append may be. */
const BIG_BYTES = 1_000_000;

function written(type: string, data: unknown, schemaVersion = 1): EventToAppend {
  const metadata = { correlationId: 'c', causationId: 'c', actor: 'another program', schemaVersion };
  return { id: randomUUID(), type, data, metadata };
}

const AT = '2026-01-01T00:00:00.000Z';
const requested = { at: AT, by: 'upload', priority: 0 };

/**
 * Makes streams that another program could have written. None of them is a job that can be converted. Returns the
 * events by stream.
 */
export function poisonStreams(): ReadonlyMap<string, readonly EventToAppend[]> {
  const job = (): string => `job-${randomUUID()}`;
  return new Map([
    ['job-not-a-uuid', [written('DocumentUploaded', { v: 1 })]],
    [`job-${randomUUID().toUpperCase()}`, [written('ConversionRequested', requested)]],
    [`job-`, [written('ConversionRequested', requested)]],
    [`job-${randomUUID()}-2`, [written('ConversionRequested', requested)]],
    [job(), [written('DocumentUploaded', { v: 1 })]],
    [job(), [written('ConversionRequested', requested, 99)]],
    [job(), [neverHeardOf()]],
    [job(), [written('GatewayResumed', { at: AT, pausedMs: 1 })]],
    [job(), [{ ...written('ConversionRequested', requested), metadata: null }]],
    [job(), [written('ConversionRequested', { ...requested, padding: 'x'.repeat(BIG_BYTES) })]],
    [job(), [written('DocumentUploaded', 'x'.repeat(BIG_BYTES))]],
    // Events in the wrong order: an outcome without a claim, a claim without an upload, and a name that Postgres
    // refuses.
    [
      job(),
      [written('ConversionCancelled', { at: AT, by: 'owner' }), written('ConversionRequested', requested)],
    ],
    [job(), [started('w.12345678')]],
    [job(), [started('w\0')]],
  ]);
}

/** An event of a type that no build knows. */
export function neverHeardOf(): EventToAppend {
  return written('NeverHeardOf', { at: AT });
}

/** The name of the claim's worker contains a NUL. Every schema accepts it, but no text column of Postgres does. */
export function started(workerId: string): EventToAppend {
  return written('ConversionStarted', { at: AT, attempt: 1, workerId, leaseUntil: AT });
}
