import { StreamMovedOn } from '../../event-store/errors.ts';
import { chained, hashAfter, linksOf } from '../../event-store/event-hash.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { sealed } from '../../event-store/handle-command.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log/log.ts';
import { retry } from '../../runtime/retry.ts';
import { understandEvent } from '../../schemas/events/event-versions.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { ServiceEvent } from '../../schemas/events/service-events.ts';
import { GATEWAY_STREAM } from '../../schemas/events/streams.ts';

/** Most tries to record one transition, and the wait between two. */
const TRIES_MAX = 10;
const BACKOFF = { firstMs: 500, maxMs: 2_000 };
/**
 * Most transitions that wait to be written. When the breaker changes faster than the log answers, the oldest are lost.
 */
const WAITING_MAX = 100;

type Transition = Parameters<typeof recordGatewayEvent>[1];

/** Records the breaker's transitions in order and in the background, so that no conversion waits for a record. */
export interface GatewayRecorder {
  paused(failures: number, lastCode: string): void;
  resumed(pausedMs: number): void;
  /** Ends a pause that an earlier process of this processor left open. */
  closeEarlierPause(): void;
  /** Resolves when every transition is written or given up. */
  stop(): Promise<void>;
}

export function gatewayRecorder(parts: {
  log: EventLog;
  processorId: string;
  workerId: string;
  clock: Clock;
  logger: Log;
}): GatewayRecorder {
  const { log, processorId, workerId, clock, logger } = parts;
  const waiting: (() => Promise<Transition | null>)[] = [];
  let stopped = false;
  let writing: Promise<void> | null = null;

  const write = async (next: () => Promise<Transition | null>): Promise<void> => {
    const record = async (): Promise<void> => {
      const transition = await next();
      if (transition !== null) await recordGatewayEvent(log, transition, workerId);
    };
    await retry(record, { backoff: BACKOFF, triesMax: TRIES_MAX, isPassing: () => !stopped }).catch(
      (error: unknown) =>
        logger.error({ err: error }, 'a transition of the circuit breaker could not be recorded'),
    );
  };
  const add = (next: () => Promise<Transition | null>): void => {
    waiting.push(next);
    if (waiting.length > WAITING_MAX) waiting.shift();
    writing ??= (async () => {
      for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) await write(first);
      writing = null;
    })();
  };
  const iso = (): string => new Date(clock.now()).toISOString();

  return {
    paused: (failures, lastCode) => {
      const data = { at: iso(), processorId, failures, lastCode };
      add(() => Promise.resolve({ type: 'GatewayPaused', data }));
    },
    resumed: (pausedMs) => {
      const data = { at: iso(), processorId, pausedMs: Math.round(pausedMs) };
      add(() => Promise.resolve({ type: 'GatewayResumed', data }));
    },
    closeEarlierPause: () =>
      add(async () => {
        const since = await openPauseOf(log, processorId);
        if (since === null) return null;
        const at = iso();
        const pausedMs = Math.max(0, Date.parse(at) - Date.parse(since));
        return { type: 'GatewayResumed', data: { at, processorId, pausedMs } };
      }),
    stop: async () => {
      stopped = true;
      await writing;
    },
  };
}

/** Most tries against other processors that write to the same stream, and the wait between two. */
const CONFLICT_TRIES_MAX = 50;
const CONFLICT_BACKOFF = { firstMs: 2, maxMs: 50 };

type GatewayEvent = Extract<ServiceEvent, { type: 'GatewayPaused' | 'GatewayResumed' }>;

/**
 * Records a transition of the circuit breaker, which explains waiting times.
 * @throws LogUnavailable, StreamMovedOn
 */
async function recordGatewayEvent(log: EventLog, event: GatewayEvent, workerId: string): Promise<void> {
  const commandId = commandIdOf('gateway', workerId, event.type, event.data.at);
  const context = { commandId, correlationId: commandId, actor: `processor:${event.data.processorId}` };
  const append = async (): Promise<void> => {
    const { revision, hash } = await endOfGatewayStream(log);
    const links = chained(sealed([event], context), { stream: GATEWAY_STREAM, revision, hash });
    await log.append(GATEWAY_STREAM, links.events, revision < 0n ? 'no_stream' : revision);
  };
  const isPassing = (error: unknown) => error instanceof StreamMovedOn;
  await retry(append, { backoff: CONFLICT_BACKOFF, triesMax: CONFLICT_TRIES_MAX, isPassing });
}

/**
 * The last event has the hash, unless the event is older than the chain. In that case the function reads the whole
 * stream.
 */
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
 * The time at which an earlier process of the processor opened the breaker, when that process did not record the
 * close. Null when there is no such pause.
 * @throws LogUnavailable
 */
async function openPauseOf(log: EventLog, processorId: string): Promise<string | null> {
  let since: string | null = null;
  for await (const recorded of log.readStream(GATEWAY_STREAM)) {
    const event = understandEvent(recorded) as GatewayEvent;
    if (event.data.processorId === processorId) since = event.type === 'GatewayPaused' ? event.data.at : null;
  }
  return since;
}
