import type { Queryable } from '../pool.ts';
import type { Quarantined } from './fold-batch.ts';
import type { ProjectionTarget } from './projection-definition.ts';
import type { StoredEvent } from './stored-event.ts';

/** With more held streams than this, the fault is in the build and not in the events. The projection then stops. */
export const HELD_STREAMS_MAX = 10_000;
const REASON_CHARS_MAX = 1_000;
const EVENT_CHARS_MAX = 100_000;

/** Streams in quarantine: their events wait in the log, because one of them could not be folded. */
export async function heldStreams(on: Queryable, target: ProjectionTarget): Promise<Set<string>> {
  const { rows } = await on.query<{ stream: string }>(
    'select stream from docket.quarantine where projection = $1 and version = $2 limit $3',
    [target.ledger, target.version, HELD_STREAMS_MAX],
  );
  return new Set(rows.map(({ stream }) => stream));
}

/** Puts streams into quarantine, each from its first bad event. Runs in the transaction of the batch. */
export async function holdStreams(
  on: Queryable,
  target: Pick<ProjectionTarget, 'ledger' | 'version'>,
  quarantined: readonly Quarantined[],
): Promise<void> {
  for (const { recorded, reason } of quarantined)
    await on.query(
      `insert into docket.quarantine (projection, version, stream, revision, position, event_id, type, reason, event)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      [
        target.ledger,
        target.version,
        recorded.stream,
        recorded.revision.toString(),
        recorded.position.toString(),
        recorded.id,
        storable(recorded.type),
        storable(reason).slice(0, REASON_CHARS_MAX),
        eventText(recorded).slice(0, EVENT_CHARS_MAX),
      ],
    );
}

/**
 * Releases streams from quarantine; the same transaction folds their events. Live clients have passed the positions at
 * which these rows change. So the tables get a new epoch, and every older resume token is answered with a reset.
 */
export async function releaseStreams(
  on: Queryable,
  target: ProjectionTarget,
  streams: readonly string[],
): Promise<void> {
  await on.query(
    'delete from docket.quarantine where projection = $1 and version = $2 and stream = any($3::text[])',
    [target.ledger, target.version, streams],
  );
  await on.query('update docket.projections set epoch = gen_random_uuid() where name = $1 and version = $2', [
    target.ledger,
    target.version,
  ]);
}

/** Makes a text that Postgres accepts: without NUL and halves of surrogate pairs. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** JSON writes NUL and lone surrogates as escapes, so this text can be stored for any event. */
function eventText({ data, metadata }: StoredEvent): string {
  return JSON.stringify({ data, metadata });
}
