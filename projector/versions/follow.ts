import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../../read-store/pool.ts';
import type { Log } from '../../runtime/log.ts';
import type { RegisteredProjection } from '../registry.ts';
import type { RunningProjection } from '../following/run-projection.ts';
import type { WaitingFor } from '../following/projection-session.ts';
import { ledgerVersions } from './ledger.ts';

/** How often the projector looks for versions that were built or dropped. */
const LOOK_EVERY_MS = 1_000;

export interface FollowedVersions {
  /** What each version waits for, if readers wait for it. */
  waitingFor(): WaitingFor[];
  stop(): Promise<void>;
}

/**
 * Makes every built version follow the log, also those not in use, so that a switch is fast. Versions that this build
 * does not know are left to the projectors that know them.
 */
export function followVersions(options: {
  store: Queryable;
  logger: Log;
  projections: readonly RegisteredProjection[];
  /** Migrates the schema. */
  prepare: () => Promise<unknown>;
  run: (projection: RegisteredProjection) => RunningProjection;
}): FollowedVersions {
  const { store, logger, projections, prepare, run } = options;
  const running = new Map<RegisteredProjection, RunningProjection>();
  const stopping = new AbortController();
  let looked = false;

  const look = async () => {
    await prepare();
    const built = (await ledgerVersions(store)).filter(({ builtAt }) => builtAt !== null);
    const isBuilt = ({ name, target }: RegisteredProjection) =>
      built.some((each) => each.name === name && each.version === target.version);
    for (const projection of projections) {
      const followed = running.get(projection);
      if (isBuilt(projection) && !followed && !stopping.signal.aborted)
        running.set(projection, run(projection));
      if (isBuilt(projection) || !followed) continue;
      running.delete(projection);
      await followed.stop();
    }
    looked = true;
  };
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!looked)
          logger.warn({ err: error }, 'the versions of the projections are not known yet; trying again');
      });
      const pauseMs = looked ? LOOK_EVERY_MS : LOOK_EVERY_MS / 5;
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    waitingFor: () => {
      const queues = [...running].filter(([{ isQueue }]) => isQueue);
      if (queues.length === 0) return ['read store'];
      const states = queues.map(([, projection]) => projection.waitingFor());
      // Readers do not wait for a version that is not in use.
      return states.includes(null) ? [null] : states;
    },
    stop: async () => {
      stopping.abort();
      await ended;
      await Promise.all([...running.values()].map((projection) => projection.stop()));
    },
  };
}
