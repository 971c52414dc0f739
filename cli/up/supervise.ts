import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs } from '../../schemas/backoff.ts';

/** A running process or server beside this process. It may end at any time. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<string>;
  stop(graceMs: number): Promise<void>;
}

/** The wait before a restart. */
const RESTART_BACKOFF = { firstMs: 400, maxMs: 5_000 };
/** After a run that lasted longer, the next restart begins again with the shortest wait. */
const HEALTHY_AFTER_MS = 30_000;

export interface Supervised {
  /** Stops the part, also during its start. Resolves when nothing of it runs. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Keeps one part of the installation running: starts it again, with backoff, whenever it ends by itself. It can be
 * stopped at any time. A failed first start is not repeated.
 *
 * @param start rejects when its signal aborts, and then leaves nothing running
 * @param installation records the process of the part (null when it has ended), and reports to the user in single
 * lines
 */
export function supervise<Part extends Running>(
  name: string,
  start: (stop: AbortSignal) => Promise<Part>,
  installation: {
    say: (line: string) => void;
    noteProcess: (name: string, pid: number | null) => void;
    /** Returns false when another start would not help. Without this function, every end is followed by a start. */
    restarts?: () => boolean;
  },
): Supervised & { readonly first: Promise<Part> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  let part: Running | null = null;
  const begin = async (): Promise<Part> => {
    const started = await start(signal);
    part = started;
    installation.noteProcess(name, started.pid);
    return started;
  };
  const first = begin();

  const keep = async (): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const how = await part?.exited;
      if (signal.aborted) return;
      if (how !== undefined) {
        part = null;
        if (performance.now() - startedAt > HEALTHY_AFTER_MS) failures = 0;
        installation.noteProcess(name, null);
        if (installation.restarts?.() === false) return;
        installation.say(`${name} ended (${how}); starting it again`);
      }
      failures += 1;
      const waitMs = backoffDelayMs(RESTART_BACKOFF, failures, Math.random());
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await begin();
        installation.say(`${name} is back`);
      } catch (error) {
        if (!stopping.signal.aborted)
          installation.say(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const kept = first.then(keep, () => undefined);

  return {
    first,
    stop: async (graceMs) => {
      stopping.abort();
      await part?.stop(graceMs);
      await kept;
      // The part may have started at the moment of the stop.
      await part?.stop(graceMs);
    },
  };
}
