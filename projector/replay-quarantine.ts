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
 * Tries the held streams of every projection again with this build: all of them, or the named ones. It takes the
 * projection's lease from the running projector, which notices, and goes on from the stored checkpoint as soon as the
 * lease is given back: a second or so without updates, and nothing lost.
 *
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
        // Postgres refuses its rows again; the writer cannot be used any more, the next stream gets its own.
        if (!(error instanceof RowsRefused)) throw error;
      }
      replayed.push({ projection, stream, outcome: isHeld ? 'still held' : 'released' });
    }
  } finally {
    await releaseLease(store, target, fencingEpoch);
  }
  return replayed;
}
