import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log/log.ts';
import { outageLog, reasonOf } from './log/outage-log.ts';
import type { WaitingFor } from './service.ts';

/** Pauses between two probes of a dependency that answers. */
export interface ProbePauses {
  /** The pause while somebody asks for the result. */
  readonly askedMs: number;
  /** The pause when nobody has asked for the result during the last `askedWithinMs` (ADR 0210). */
  readonly unaskedMs: number;
  readonly askedWithinMs: number;
}

const PAUSES: ProbePauses = { askedMs: 2_000, unaskedMs: 60_000, askedWithinMs: 60_000 };
/** Pause after a failed probe. It doubles up to `askedMs`. */
const PROBE_AGAIN_MS = 100;
/** A probe without an answer after this time counts as failed, although it still runs. */
const ANSWER_MS_MAX = 2_000;

/** A dependency of services. Its probe tells whether the dependency can serve them. */
export interface Dependency {
  readonly name: string;
  /** The address of the dependency without user and password; null for a dependency without an address. */
  readonly at: string | null;
  /** Resolves when the dependency can serve, and rejects with the reason when it cannot. */
  readonly probe: () => Promise<unknown>;
}

export interface DependencyWatch {
  /**
   * The current result; null when the dependency can serve. Returns at once. A question about an old result begins a new
   * probe.
   */
  waitingFor(): WaitingFor | null;
  /**
   * Resolves when the result of `waitingFor` is recent. While somebody asks regularly, it resolves at once; otherwise
   * after one new probe, within 2 s.
   */
  fresh(): Promise<void>;
  stop(): void;
}

/**
 * Probes a dependency without end, one probe at a time, and keeps the last result. While somebody asks, an outage is
 * noticed within 4 s: the pause plus the longest wait for an answer.
 */
export function watchDependency(
  { name, at, probe }: Dependency,
  logger: Log,
  { askedMs, unaskedMs, askedWithinMs }: ProbePauses = PAUSES,
): DependencyWatch {
  let askedAtMs = performance.now();
  let knownAtMs = -Infinity;
  let pausing = new AbortController();
  let known = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const outage = outageLog(logger, `the ${name} does not serve`);
  let waiting: WaitingFor | null = null;
  const isMissing = (why: string, { final }: { final: boolean }): void => {
    const since = waiting?.since ?? new Date().toISOString();
    waiting = { dependency: name, at, since, why, final };
  };
  isMissing('It has not answered yet.', { final: false });
  const isKnown = (): void => {
    knownAtMs = performance.now();
    known.resolve();
    known = Promise.withResolvers<void>();
  };

  const probeOnce = async (): Promise<boolean> => {
    const late = setTimeout(() => {
      const why = `It has not answered for ${ANSWER_MS_MAX / 1000} s.`;
      if (waiting === null) outage.failed(new Error(why));
      if (waiting?.final !== true) isMissing(why, { final: false });
      isKnown();
    }, ANSWER_MS_MAX);
    try {
      await probe();
      waiting = null;
      if (!stopping.signal.aborted) outage.worked();
      return true;
    } catch (error) {
      if (stopping.signal.aborted) return false;
      isMissing(reasonOf(error), { final: isFinal(error) });
      outage.failed(error);
      return false;
    } finally {
      clearTimeout(late);
      isKnown();
    }
  };
  const watching = async (): Promise<void> => {
    let againMs = PROBE_AGAIN_MS;
    while (!stopping.signal.aborted) {
      const serves = await probeOnce();
      const isAsked = performance.now() - askedAtMs < askedWithinMs;
      const pauseMs = serves ? untilNextRound(isAsked ? askedMs : unaskedMs) : againMs;
      againMs = serves ? PROBE_AGAIN_MS : Math.min(againMs * 2, askedMs);
      pausing = new AbortController();
      const signal = AbortSignal.any([stopping.signal, pausing.signal]);
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  /** Notes a question. Returns true when the result is old; then a probe begins. */
  const ask = (): boolean => {
    askedAtMs = performance.now();
    const isOld = askedAtMs - knownAtMs >= askedMs + ANSWER_MS_MAX;
    if (isOld) pausing.abort();
    return isOld;
  };
  void watching();
  return {
    waitingFor: () => {
      ask();
      return waiting;
    },
    fresh: async () => {
      if (ask()) await known.promise;
    },
    stop: () => {
      stopping.abort();
      known.resolve();
    },
  };
}

/**
 * Returns the pause until the next round. All dependencies of a process share the rounds, so the process wakes only
 * once for all dependencies.
 */
function untilNextRound(everyMs: number): number {
  return everyMs - (performance.now() % everyMs);
}

/** True when the error says that waiting cannot help. */
function isFinal(error: unknown): boolean {
  return (error as { final?: unknown } | null)?.final === true;
}
