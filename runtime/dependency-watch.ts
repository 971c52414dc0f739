import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { outageLog, reasonOf } from './outage-log.ts';
import type { WaitingFor } from './service.ts';

/** Pause between two probes of a dependency that answers. */
const PROBE_EVERY_MS = 2_000;
/** Pause after a probe that failed, doubled up to the pause above. */
const PROBE_AGAIN_MS = 100;
/** A probe that has not answered after this counts as failed while it goes on. */
const ANSWER_MS_MAX = 2_000;

/** Something that services need, and how to see whether it would serve them. */
export interface Dependency {
  readonly name: string;
  /** Its address without user and password; null when it has none. */
  readonly at: string | null;
  /** Resolves when the dependency would serve, and rejects with the reason why it would not. */
  readonly probe: () => Promise<unknown>;
}

export interface DependencyWatch {
  /** What is known now; null when the dependency serves. Answers at once. */
  waitingFor(): WaitingFor | null;
  stop(): void;
}

/**
 * Probes a dependency for ever, one probe at a time, and keeps what came of the last one. An outage is noticed within
 * 4 s: the pause and the longest wait for an answer.
 */
export function watchDependency({ name, at, probe }: Dependency, logger: Log): DependencyWatch {
  const stopping = new AbortController();
  const outage = outageLog(logger, `the ${name} does not serve`);
  let waiting: WaitingFor | null = null;
  const isMissing = (why: string, { final }: { final: boolean }): void => {
    const since = waiting?.since ?? new Date().toISOString();
    waiting = { dependency: name, at, since, why, final };
  };
  isMissing('It has not answered yet.', { final: false });

  const probeOnce = async (): Promise<boolean> => {
    const late = setTimeout(() => {
      const why = `It has not answered for ${ANSWER_MS_MAX / 1000} s.`;
      if (waiting === null) outage.failed(new Error(why));
      if (waiting?.final !== true) isMissing(why, { final: false });
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
    }
  };
  const watching = async (): Promise<void> => {
    let againMs = PROBE_AGAIN_MS;
    while (!stopping.signal.aborted) {
      const serves = await probeOnce();
      const pauseMs = serves ? PROBE_EVERY_MS : againMs;
      againMs = serves ? PROBE_AGAIN_MS : Math.min(againMs * 2, PROBE_EVERY_MS);
      await sleep(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  };
  void watching();
  return { waitingFor: () => waiting, stop: () => stopping.abort() };
}

/** Whether an error says that waiting does not help. */
function isFinal(error: unknown): boolean {
  return (error as { final?: unknown } | null)?.final === true;
}
