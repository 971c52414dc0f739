import type { z } from 'zod';
import type { EventLog } from '../../event-store/event-log.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { PresentFigures } from '../../schemas/protocols/dashboard-api.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../../schemas/events/streams.ts';
import { positionText } from '../tables/projection-head.ts';

export type Present = z.output<typeof PresentFigures>;

export interface PresentSources {
  readonly store: Queryable;
  readonly log: Pick<EventLog, 'head' | 'readAll'>;
  /** A processor that is silent for this long counts as dead, in ms. */
  readonly silentMs: number;
  readonly nowMs: number;
}

/** Longest wait for the log, because the console also works while the log is away. */
const LOG_WAIT_MS = 1_000;

/**
 * Reads the present state: the processors, and the lag of the tables behind the log.
 * @throws ReadStoreUnavailable
 */
export async function readPresent(sources: PresentSources): Promise<Present> {
  const [workers, projections, rebuilding, logHead] = await Promise.all([
    readWorkers(sources),
    readProjections(sources.store),
    readRebuilding(sources.store),
    inTime(sources.log.head()),
  ]);
  const lags =
    logHead === null
      ? []
      : await Promise.all(projections.map(({ position }) => lagOf(sources, position, logHead)));
  return {
    workers,
    rebuilding,
    logHead: logHead === null ? null : positionText(logHead),
    projections: projections.map(({ position, ...rest }, index) => ({
      ...rest,
      position: positionText(position),
      lagMs: lags[index] ?? null,
    })),
  };
}

/** Reads the processors' own table (`processor.workers`), which exists once a processor has run. */
async function readWorkers({ store, silentMs }: PresentSources): Promise<Present['workers']> {
  const { rows: known } = await store.query<{ there: boolean }>(
    `select to_regclass('processor.workers') is not null as there`,
  );
  if (!known[0]?.there) return [];
  const { rows } = await store.query<{
    processor_id: string;
    started_at: Date;
    beat_at: Date;
    alive: boolean;
    converting: string;
  }>(
    // The heartbeat of a quiet processor is dated ahead.
    `select processor_id, started_at, least(beat_at, now()) as beat_at,
       beat_at > now() - $1 * interval '1 ms' as alive,
       (select count(*) from docket.jobs where state = 'converting' and worker_id = w.worker_id) as converting
     from processor.workers w order by processor_id`,
    [silentMs],
  );
  return rows.map((row) => ({
    id: row.processor_id,
    startedAt: row.started_at.toISOString(),
    seenAt: row.beat_at.toISOString(),
    alive: row.alive,
    converting: Number(row.converting),
  }));
}

type ProjectionPlace = Omit<Present['projections'][number], 'position' | 'lagMs'> & {
  readonly position: bigint;
};

async function readProjections(store: Queryable): Promise<ProjectionPlace[]> {
  const { rows } = await store.query<{
    name: string;
    version: number;
    position: string;
    updated_at: Date;
    held: string;
  }>(
    `select p.name, p.version, coalesce(c.commit_position, -1)::text as position,
       coalesce(c.updated_at, p.created_at) as updated_at,
       (select count(*) from docket.quarantine q where q.projection = p.name and q.version = p.version) as held
     from docket.projections p
     left join docket.checkpoints c on c.projection = p.name and c.version = p.version
     where p.is_current order by p.name`,
  );
  return rows.map(({ name, version, position, updated_at: updatedAt, held }) => ({
    name,
    version,
    position: BigInt(position),
    updatedAt: updatedAt.toISOString(),
    held: Number(held),
  }));
}

/** Lists the tables, and the work list, that are built again because the log was replaced (ADR 0112). */
async function readRebuilding(store: Queryable): Promise<Present['rebuilding']> {
  const { rows: known } = await store.query<{ there: boolean }>(
    `select to_regclass('processor.rebuilding') is not null as there`,
  );
  const lists = known[0]?.there
    ? `union all select name, since, until, why, position from processor.rebuilding`
    : '';
  const { rows } = await store.query<{
    name: string;
    since: Date;
    until: string;
    why: string;
    position: string;
  }>(
    `select p.name, p.rebuilding_since as since, p.rebuilding_until as until, p.rebuilding_why as why,
       coalesce(c.commit_position, -1) as position
     from docket.projections p
     left join docket.checkpoints c on c.projection = p.name and c.version = p.version
     where p.is_current and p.rebuilding_since is not null ${lists}`,
  );
  return rows.map(({ name, since, until, why, position }) => ({
    name,
    why,
    until,
    since: since.toISOString(),
    position: positionText(BigInt(position)),
  }));
}

/**
 * Age of the first event after the checkpoint. The log's last event alone is not enough, because no projection may
 * follow its stream.
 */
async function lagOf({ log, nowMs }: PresentSources, position: bigint, head: bigint): Promise<number | null> {
  if (head <= position) return 0;
  const after = position < 0n ? 'start' : position;
  const first = async () => {
    for await (const event of log.readAll(after, { streamPrefixes: FOLLOWED_STREAM_PREFIXES }, 1))
      return event;
    return undefined;
  };
  const found = await inTime(first());
  if (found === null) return null;
  return found === undefined ? 0 : Math.max(0, nowMs - found.created.getTime());
}

/** The log's answer; null when it does not arrive in time. */
async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), LOG_WAIT_MS);
  });
  try {
    return await Promise.race([asked.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
