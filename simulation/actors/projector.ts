import type { RecordedEvent } from '../../event-store/event-log.ts';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { ReadStoreUnavailable } from '../../read-store/read-store-errors.ts';
import {
  foldBatch,
  understandBatch,
  type FoldedBatch,
} from '../../read-store/projection-engine/fold-batch.ts';
import { markAfterBatch } from '../../read-store/projection-engine/batch-mark.ts';
import { createRowCache, type RowCache } from '../../read-store/projection-engine/row-cache.ts';
import { differenceFrom } from '../../event-store/log-difference.ts';
import { FOLLOWED_STREAM_PREFIXES, LASTING_STREAM_PREFIXES } from '../../schemas/events/streams.ts';
import { ask } from '../engine/network.ts';
import type { Life } from '../engine/world.ts';
import type { Installation } from '../installation.ts';
import { simulatedLog } from '../ports/event-log.ts';
import { recordOfValues } from '../ports/table-server.ts';

const BATCH_EVENTS_MAX = 20;
/** The follower waits while this many events wait for a commit, as in the projector's live buffer. */
const PENDING_MAX = 4;
const OPEN_AGAIN_MS = 150;

/**
 * Starts a minimal projector: follow, fold, commit, and open everything again after any error. The engine's own
 * `understandBatch` and `foldBatch` fold. `TableServer` replaces the SQL around them.
 */
export function bootProjector(installation: Installation, life: Life): void {
  const { world } = installation;
  const again = async (): Promise<void> => {
    for (;;) {
      try {
        await session(installation, life);
      } catch (error) {
        world.trace.say(life.name, () => `starts over: ${(error as Error).message}`);
      }
      await new Promise((resolve) => setTimeout(resolve, OPEN_AGAIN_MS * world.random.next()));
    }
  };
  void again();
}

async function session(installation: Installation, life: Life): Promise<void> {
  const { world, tables, composition } = installation;
  const log = simulatedLog(world, life, installation.log, composition.createRing);
  const asking = <T>(what: string, kind: 'reads' | 'changes', effect: () => T): Promise<T> => {
    const unavailable = (): Error => new ReadStoreUnavailable('no answer in time');
    return ask(world, life, {
      what: `tables: ${what}`,
      changes: kind === 'changes',
      effect,
      timeoutMs: 400,
      unavailable,
    });
  };
  const fence = await asking('take the lease', 'changes', () => tables.takeLease());
  let [checkpoint, mark] = await asking('read the checkpoint', 'reads', () => [
    tables.checkpoint(),
    tables.mark(),
  ]);
  const streamPrefixes = LASTING_STREAM_PREFIXES;
  const compare = composition.compare(differenceFrom);
  if (checkpoint !== null && (await compare(log, { checkpoint, mark, streamPrefixes })) !== null) {
    await asking('start over on another log', 'changes', () => tables.startOver(fence));
    checkpoint = null;
    mark = null;
  }
  const rows = createRowCache<JobRow>(1_000);
  const pending: RecordedEvent[] = [];
  let received: bigint | 'start' = checkpoint ?? 'start';
  let passed = 0n;
  let wake = (): void => undefined;
  let isOver = false;
  let haveRoom = (): void => undefined;
  const following = log.follow({
    filter: { streamPrefixes: FOLLOWED_STREAM_PREFIXES },
    after: () => received,
    onEvent: (event) => {
      pending.push(event);
      received = event.position;
      wake();
      if (pending.length >= PENDING_MAX && !isOver)
        return new Promise<void>((resolve) => (haveRoom = resolve));
      return undefined;
    },
    onCheckpoint: (position) => {
      passed = position;
      wake();
    },
  });
  try {
    for (;;) {
      if (pending.length === 0 && passed <= (checkpoint ?? -1n))
        await new Promise<void>((resolve) => (wake = resolve));
      const batch = pending.splice(0, BATCH_EVENTS_MAX);
      haveRoom();
      const through = batch.at(-1)?.position ?? passed;
      const folded = await foldWithGaps(installation, life, rows, batch);
      for (const { recorded, reason } of folded.quarantined)
        if (!installation.log.foreign.has(recorded.stream))
          world.broken('4 tables', `${recorded.type} of ${recorded.stream} was quarantined: ${reason}`);
      mark = markAfterBatch(mark, batch, through);
      const to = checkpoint !== null && checkpoint > through ? checkpoint : through;
      await composition.commit(world, life, tables, {
        changes: [...folded.changes.values()],
        from: checkpoint,
        to,
        mark,
        fence,
        generation: installation.log.generation(),
      });
      for (const { key, row } of folded.changes.values()) rows.set(key, row);
      checkpoint = to;
    }
  } finally {
    isOver = true;
    haveRoom();
    await following.stop();
  }
}

/** Folds a batch. It reads a stream with missing events from the log, as the engine's writer does. */
async function foldWithGaps(
  installation: Installation,
  life: Life,
  cache: RowCache<JobRow>,
  batch: readonly RecordedEvent[],
): Promise<FoldedBatch<JobRow>> {
  const { world } = installation;
  const fold = async (events: readonly RecordedEvent[], gaps: 'report' | 'accept') => {
    const { understood, quarantined } = understandBatch(jobsProjection, new Set(), events);
    const unknown = [...new Set(understood.map(({ key }) => key))].filter((key) => !cache.has(key));
    if (unknown.length > 0) {
      const unavailable = (): Error => new ReadStoreUnavailable('no answer in time');
      const read = () => unknown.map((key) => installation.tables.tables().rows.get(key));
      const found = await ask(world, life, {
        what: 'tables: read rows',
        changes: false,
        effect: read,
        timeoutMs: 400,
        unavailable,
      });
      unknown.forEach((key, index) => {
        const values = found[index];
        cache.set(key, values && jobsProjection.rows.rowOf(recordOfValues(values)));
      });
    }
    const result = foldBatch(jobsProjection, (key) => cache.get(key), understood, gaps);
    return { ...result, quarantined: [...quarantined, ...result.quarantined] };
  };
  const first = await fold(batch, 'report');
  if (first.gaps.length === 0) return first;
  const log = simulatedLog(world, life, installation.log);
  const missing: RecordedEvent[] = [];
  for (const { stream, from, to } of first.gaps)
    for await (const event of log.readStream(stream, from)) if (event.revision < to) missing.push(event);
  return fold([...missing, ...batch], 'accept');
}
