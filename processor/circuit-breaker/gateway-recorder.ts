import { StreamMovedOn } from '../../event-store/errors.ts';
import { chained, hashAfter, linksOf } from '../../event-store/event-hash.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { sealed } from '../../event-store/handle-command.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { retry } from '../../runtime/retry.ts';
import { understandEvent } from '../../schemas/event-versions.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { ServiceEvent } from '../../schemas/service-events.ts';
import { GATEWAY_STREAM } from '../../schemas/streams.ts';

/** Tries to put one transition on the record, and the wait between two. */
const TRIES_MAX = 10;
const BACKOFF = { firstMs: 500, maxMs: 2_000 };
/** Transitions waiting to be written; a breaker that flaps faster than the log answers loses the oldest. */
const WAITING_MAX = 100;

type Transition = Parameters<typeof recordGatewayEvent>[1];

/** Writes the breaker's transitions in their order, beside the work: converting never waits for them. */
export interface GatewayRecorder {
  paused(failures: number, lastCode: string): void;
  resumed(pausedMs: number): void;
  /** A pause that an earlier life of this processor left open ends with it. */
  closeEarlierPause(): void;
  /** Resolves when all is written, or given up. */
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
        logger.error({ err: error }, 'a transition of the circuit breaker is not on the record'),
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

/** Tries against other processors that write to the same stream, and the wait between two. */
const CONFLICT_TRIES_MAX = 50;
const CONFLICT_BACKOFF = { firstMs: 2, maxMs: 50 };

type GatewayEvent = Extract<ServiceEvent, { type: 'GatewayPaused' | 'GatewayResumed' }>;

/**
 * Records a transition of the circuit breaker, so that a waiting time can be explained.
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
async function openPauseOf(log: EventLog, processorId: string): Promise<string | null> {
  let since: string | null = null;
  for await (const recorded of log.readStream(GATEWAY_STREAM)) {
    const event = understandEvent(recorded) as GatewayEvent;
    if (event.data.processorId === processorId) since = event.type === 'GatewayPaused' ? event.data.at : null;
  }
  return since;
}
