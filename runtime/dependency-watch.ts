import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { outageLog, reasonOf } from './outage-log.ts';
import type { WaitingFor } from './service.ts';

/** Pause between two probes of a dependency that answers. */
const PROBE_EVERY_MS = 2_000;
/** Pause after a failed probe. It doubles up to the pause above. */
const PROBE_AGAIN_MS = 100;
/** A probe without an answer after this time counts as failed, and continues. */
const ANSWER_MS_MAX = 2_000;

/** A dependency of services, with a probe of whether it can serve them. */
export interface Dependency {
  readonly name: string;
  /** Its address without user and password; null when it has none. */
  readonly at: string | null;
  /** Resolves when the dependency can serve, and rejects with the reason when it cannot. */
  readonly probe: () => Promise<unknown>;
}

export interface DependencyWatch {
  /** The current result; null when the dependency can serve. Returns at once. */
  waitingFor(): WaitingFor | null;
  stop(): void;
}

/**
 * Probes a dependency without end, one probe at a time, and keeps the last result. An outage shows within 4 s: the
 * pause plus the longest wait for an answer.
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

/** True when the error says that waiting cannot help. */
function isFinal(error: unknown): boolean {
  return (error as { final?: unknown } | null)?.final === true;
}
