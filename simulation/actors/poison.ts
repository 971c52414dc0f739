import type { EventToAppend } from '../../event-store/event-log.ts';
import type { Installation } from '../installation.ts';

/** Size of a big event: nearly the largest event that one append may hold. */
const BIG_BYTES = 1_000_000;
/** Share of big events among the poison events. One big event takes as much time as everything else in its world. */
const BIG_SHARE = 0.02;

/**
 * Writes an event of another program to a stream with the name of a job's stream. The event's stream name, type,
 * version, data or order is wrong.
 */
export function poison({ world, log }: Installation): void {
  const { random } = world;
  const at = '2026-01-01T00:00:00.000Z';
  const requested = { at, by: 'upload', priority: 0 };
  const uuid = `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`;
  const written = (type: string, data: unknown, schemaVersion = 1): EventToAppend => ({
    id: `${uuid}-event`,
    type,
    data,
    metadata: { correlationId: 'c', causationId: 'c', actor: 'another program', schemaVersion },
  });
  const [name, event] = random.pick([
    ['not-a-uuid', written('DocumentUploaded', { v: 1 })],
    [`${uuid}-2`, written('ConversionRequested', requested)],
    // This event is not an upload. An upload that cannot be understood may name any PDF, and then retention removes
    // no orphan.
    [uuid, written('ConversionCancelled', { v: 1 })],
    [uuid, written('ConversionRequested', requested, 99)],
    [uuid, written('NeverHeardOf', requested)],
    [uuid, written('GatewayResumed', { at })],
    [uuid, written('ConversionStarted', { at, attempt: 1, workerId: 'w.12345678', leaseUntil: at })],
    [uuid, written('ConversionRequested', requested)],
  ] as [string, EventToAppend][]);
  const isBig = random.chance(BIG_SHARE);
  const data = isBig ? { ...(event.data as object), padding: 'x'.repeat(BIG_BYTES) } : event.data;
  world.trace.say('another program', () => `writes ${event.type}${isBig ? ', 1 MB,' : ''} to job-${name}`);
  log.appendForeign(`job-${name}`, { ...event, data });
}
