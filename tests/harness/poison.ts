import { randomUUID } from 'node:crypto';
import type { EventToAppend } from '../../event-store/event-log.ts';

/** Largest event that the tests make: as much as one append may hold, but for what is around it. */
const BIG_BYTES = 1_000_000;

function written(type: string, data: unknown, schemaVersion = 1): EventToAppend {
  const metadata = { correlationId: 'c', causationId: 'c', actor: 'another program', schemaVersion };
  return { id: randomUUID(), type, data, metadata };
}

const AT = '2026-01-01T00:00:00.000Z';
const requested = { at: AT, by: 'upload', priority: 0 };

/** Streams as another program might write them, none of which is a job that can be converted: event by stream. */
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
    // In the wrong order: an outcome without a claim, a claim without an upload, and a name that Postgres refuses.
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

/** A claim whose worker's name holds a NUL passes every schema, and no text column of Postgres takes it. */
export function started(workerId: string): EventToAppend {
  return written('ConversionStarted', { at: AT, attempt: 1, workerId, leaseUntil: AT });
}
