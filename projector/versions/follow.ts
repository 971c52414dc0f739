import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../../read-store/pool.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { RegisteredProjection } from '../registry.ts';
import type { RunningProjection } from '../following/run-projection.ts';
import type { WaitingFor } from '../following/projection-session.ts';
import type { BuiltVersion, ProjectorBeat } from '../following/projector-beat.ts';
import { ledgerVersions } from './ledger.ts';

/** Pause between two queries for the built versions, until the first query succeeds. */
const FIRST_LOOK_AGAIN_MS = 200;

export interface FollowedVersions {
  /** What each version of the queue's tables waits for. The list is `[null]` when one of them waits for nothing. */
  waitingFor(): WaitingFor[];
  stop(): Promise<void>;
}

/**
 * Makes every built version follow the log, also versions that are not in use, so that a switch is fast. Other
 * projectors care for versions that this build does not know. The beat tells which versions are built.
 */
export function followVersions(options: {
  store: Queryable;
  logger: Log;
  beat: ProjectorBeat;
  projections: readonly RegisteredProjection[];
  /** Migrates the schema. */
  prepare: () => Promise<unknown>;
  run: (projection: RegisteredProjection) => RunningProjection;
}): FollowedVersions {
  const { store, logger, beat, projections, prepare, run } = options;
  const running = new Map<RegisteredProjection, RunningProjection>();
  const stopping = new AbortController();
  let settling: Promise<void> | null = null;

  const settle = async (built: readonly BuiltVersion[]): Promise<void> => {
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
  };
  /** Does nothing while a version is being stopped; the next beat brings the built versions again. */
  const onBuilt = (built: readonly BuiltVersion[]): void => {
    settling ??= settle(built).finally(() => (settling = null));
  };
  const lookFirst = async (): Promise<void> => {
    await prepare();
    const versions = await ledgerVersions(store);
    onBuilt(versions.filter(({ builtAt }) => builtAt !== null));
  };
  const begun = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await lookFirst();
        if (!stopping.signal.aborted) beat.start(onBuilt);
        return;
      } catch (error) {
        logger.warn({ err: error }, 'the versions of the projections are not known yet; trying again');
      }
      await sleep(FIRST_LOOK_AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
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
      await begun;
      await settling;
      await Promise.all([...running.values()].map((projection) => projection.stop()));
      beat.stop();
    },
  };
}
