import type { Checkpoint } from './checkpoint.ts';
import { foldBatch, understandBatch, type FoldedBatch, type Gap } from './fold-batch.ts';
import type { FoldedRow } from './projection-definition.ts';
import type { RowCache } from './row-cache.ts';
import type { StoredEvent } from './stored-event.ts';
import type { WriterOptions } from './writer-options.ts';

type KnownRows<Row> = Pick<RowCache<Row>, 'has' | 'get'>;

/**
 * Loads the rows that a batch needs, and folds the batch. It reads missing events of a stream from the log.
 * @param held keys of streams in quarantine
 * @param rows rows in memory, by key
 * @param after position up to which everything was folded before
 * @throws ReadStoreUnavailable, and the errors of `readMissing`
 */
export async function foldWithRows<Event, Row extends FoldedRow>(
  options: WriterOptions<Event, Row>,
  { held, rows }: { readonly held: ReadonlySet<string>; readonly rows: KnownRows<Row> },
  batch: readonly StoredEvent[],
  after: Checkpoint,
): Promise<FoldedBatch<Row>> {
  const { projection } = options;
  const fold = async (events: readonly StoredEvent[], gaps: 'report' | 'accept') => {
    const { understood, quarantined } = understandBatch(projection, held, inOrder(events));
    const known = await knownRows(options, rows, understood, after);
    const result = foldBatch(projection, (key) => known.get(key), understood, gaps);
    return { ...result, quarantined: [...quarantined, ...result.quarantined] };
  };
  const first = await fold(batch, 'report');
  if (first.gaps.length === 0) return first;
  return fold([...(await missingEvents(options, first.gaps)), ...batch], 'accept');
}

async function missingEvents<Event, Row extends FoldedRow>(
  { readMissing }: WriterOptions<Event, Row>,
  gaps: readonly Gap[],
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const { stream, from, to } of gaps)
    for await (const event of readMissing(stream, from)) {
      if (event.revision >= to) break;
      found.push(event);
    }

  return found;
}

/** Sorts events by revision. Streams do not depend on each other, so this sort puts every stream in order. */
function inOrder(events: readonly StoredEvent[]): readonly StoredEvent[] {
  const sorted = events.every((event, index) => index === 0 || events[index - 1]!.position < event.position);
  return sorted ? events : [...events].sort((a, b) => Number(a.revision - b.revision));
}

async function knownRows<Event, Row extends FoldedRow>(
  { store, projection, target }: WriterOptions<Event, Row>,
  cache: KnownRows<Row>,
  batch: readonly { key: string; recorded: StoredEvent }[],
  after: Checkpoint,
): Promise<Map<string, Row | undefined>> {
  const known = new Map<string, Row | undefined>();
  const unknown: string[] = [];
  for (const { key, recorded } of batch) {
    if (known.has(key)) continue;
    // A stream that begins after everything folded so far has no row yet, so it is not looked up in Postgres.
    const isNew = recorded.revision === 0n && (after === null || recorded.position > after);
    const row = isNew ? undefined : cache.get(key);
    if (!isNew && row === undefined && !cache.has(key)) unknown.push(key);
    known.set(key, row);
  }
  if (unknown.length === 0) return known;
  const [keyColumn] = projection.rows.columns;
  const { rows } = await store.query<Record<string, unknown>>(
    `select * from ${target.schema}.${projection.rows.name} where ${keyColumn!.name} = any($1::${keyColumn!.type}[])`,
    [unknown],
  );
  for (const record of rows) {
    const row = projection.rows.rowOf(record);
    known.set(String(record[keyColumn!.name]), row);
  }
  return known;
}
