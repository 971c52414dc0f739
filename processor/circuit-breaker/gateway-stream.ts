import { StreamMovedOn } from '../../event-store/errors.ts';
import { chained, hashAfter, linksOf } from '../../event-store/event-hash.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { sealed } from '../../event-store/handle-command.ts';
import { understandEvent } from '../../schemas/event-versions.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { ServiceEvent } from '../../schemas/service-events.ts';
import { GATEWAY_STREAM } from '../../schemas/streams.ts';

/** Tries against other processors that write to the same stream. */
const CONFLICT_RETRIES_MAX = 50;

type GatewayEvent = Extract<ServiceEvent, { type: 'GatewayPaused' | 'GatewayResumed' }>;

/**
 * Puts a transition of the circuit breaker on the record, so that waiting can be explained.
 * @throws LogUnavailable, StreamMovedOn
 */
export async function recordGatewayEvent(
  log: EventLog,
  event: GatewayEvent,
  workerId: string,
): Promise<void> {
  const commandId = commandIdOf('gateway', workerId, event.type, event.data.at);
  const context = { commandId, correlationId: commandId, actor: `processor:${event.data.processorId}` };
  for (let tries = 1; ; tries += 1) {
    const { revision, hash } = await endOfGatewayStream(log);
    const links = chained(sealed([event], context), { stream: GATEWAY_STREAM, revision, hash });
    try {
      await log.append(GATEWAY_STREAM, links.events, revision < 0n ? 'no_stream' : revision);
      return;
    } catch (error) {
      if (!(error instanceof StreamMovedOn) || tries >= CONFLICT_RETRIES_MAX) throw error;
    }
  }
}

/** The last event says it all, unless it is older than the chain: then the whole stream is read. */
async function endOfGatewayStream(log: EventLog): Promise<{ revision: bigint; hash: string | null }> {
  const last = await log.readLast(GATEWAY_STREAM);
  if (last === null) return { revision: -1n, hash: null };
  const links = linksOf(last);
  if (links !== null) return { revision: last.revision, hash: links.hash };
  let revision: bigint = -1n;
  let hash: string | null = null;
  for await (const recorded of log.readStream(GATEWAY_STREAM)) {
    hash = hashAfter(recorded, hash);
    revision = recorded.revision;
  }
  return { revision, hash };
}

/**
 * When the processor's last life ended with the breaker open, or null: its pause was never closed.
 * @throws LogUnavailable
 */
export async function openPauseOf(log: EventLog, processorId: string): Promise<string | null> {
  let since: string | null = null;
  for await (const recorded of log.readStream(GATEWAY_STREAM)) {
    const event = understandEvent(recorded) as GatewayEvent;
    if (event.data.processorId === processorId) since = event.type === 'GatewayPaused' ? event.data.at : null;
  }
  return since;
}
