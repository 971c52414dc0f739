import { randomUUID } from 'node:crypto';
import type { LogReader } from '../event-store/event-log.ts';
import type { ReadStore } from '../read-store/pool.ts';
import { RowsRefused } from '../read-store/projection-engine/projection-errors.ts';
import { releaseLease, seizeLease } from '../read-store/projection-engine/lease.ts';
import { heldStreams } from '../read-store/projection-engine/quarantine.ts';
import { PROJECTIONS, type RegisteredProjection } from './registry.ts';

export interface ReplayedStream {
  readonly projection: string;
  readonly stream: string;
  readonly outcome: 'released' | 'still held';
}

/**
 * Retries the held streams of every projection with this build: all of them, or only the named streams. It takes the
 * projection's lease from the running projector. The projector notices, and continues from the stored checkpoint when
 * the lease is released. Updates pause for about a second, and nothing is lost.
 * @throws CheckpointMoved when the projector was faster; LogUnavailable, ReadStoreUnavailable
 */
export async function replayQuarantine(
  parts: { log: LogReader; store: ReadStore },
  named: readonly string[],
): Promise<ReplayedStream[]> {
  const replayed: ReplayedStream[] = [];
  for (const registered of PROJECTIONS) replayed.push(...(await replayOf(registered, parts, named)));
  return replayed;
}

async function replayOf(
  registered: RegisteredProjection,
  { log, store }: { log: LogReader; store: ReadStore },
  named: readonly string[],
): Promise<ReplayedStream[]> {
  const { name: projection, target } = registered;
  const held = await heldStreams(store, target);
  const streams = named.length === 0 ? [...held] : named.filter((stream) => held.has(stream));
  if (streams.length === 0) return [];
  const fencingEpoch = await seizeLease(store, target, `replay-${randomUUID()}`);
  const replayed: ReplayedStream[] = [];
  try {
    for (const stream of streams) {
      const readMissing = (missing: string, from: bigint) => log.readStream(missing, from);
      const writer = await registered.openWriter({ store, target, fencingEpoch, readMissing });
      let isHeld = true;
      try {
        await writer.replay(stream);
        isHeld = writer.heldStreams().has(stream);
      } catch (error) {
        // Postgres refused the rows again. This writer is now unusable, and the next stream gets a new writer.
        if (!(error instanceof RowsRefused)) throw error;
      }
      replayed.push({ projection, stream, outcome: isHeld ? 'still held' : 'released' });
    }
  } finally {
    await releaseLease(store, target, fencingEpoch);
  }
  return replayed;
}
