import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { openPauseOf, recordGatewayEvent } from './gateway-stream.ts';

/** Tries to put one transition on the record, and the pause between them. */
const TRIES_MAX = 10;
const AGAIN_AFTER_MS = 1_000;
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
    for (let tries = 1; ; tries += 1) {
      try {
        const transition = await next();
        if (transition !== null) await recordGatewayEvent(log, transition, workerId);
        return;
      } catch (error) {
        if (tries >= TRIES_MAX || stopped)
          return logger.error({ err: error }, 'a transition of the circuit breaker is not on the record');
      }
      await sleep(AGAIN_AFTER_MS);
    }
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
