import type { ReadStore } from '../pool.ts';
import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import { commitBatch } from './commit.ts';
import { foldBatch, understandBatch, type FoldedBatch, type Gap, type Quarantined } from './fold-batch.ts';
import type { FoldedRow, Projection, ProjectionTarget } from './projection.ts';
import { heldStreams } from './quarantine.ts';
import { createRowCache } from './row-cache.ts';
import type { StoredEvent } from './stored-event.ts';

/** Rows of a cache generation; at least the largest batch, since rows of batches in flight must stay in memory. */
const CACHED_ROWS_MAX = 10_000;

/** What a batch came to, for logs and metrics. */
export interface Applied {
  readonly events: number;
  readonly quarantined: readonly Quarantined[];
}

/** Writes the tables of one projection. After any error it must be opened again: its rows in memory may be wrong. */
export interface ProjectionWriter {
  /** The position up to which batches have been committed. */
  checkpoint(): Checkpoint;
  heldStreams(): ReadonlySet<string>;
  /**
   * Folds a batch and commits it together with checkpoint `through`. The next call may follow before this one has
   * resolved: it is folded while this one is written. More than two at a time wait for each other.
   *
   * @throws CheckpointMoved, RowsRefused, ReadStoreUnavailable, and what `readMissing` throws
   */
  apply(batch: readonly StoredEvent[], through: bigint): Promise<Applied>;
  /** Tries a held stream again, from its first event that is not in the tables. */
  replay(stream: string): Promise<Applied>;
}

export interface WriterOptions<Event, Row extends FoldedRow> {
  readonly store: ReadStore;
  readonly projection: Projection<Event, Row>;
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
  /** Events of a stream from a revision on: how a gap is filled when events arrive late or out of order (D29). */
  readonly readMissing: (stream: string, from: bigint) => AsyncIterable<StoredEvent>;
}

/** Opens the tables of a projection for writing, from the stored checkpoint on. */
export async function openWriter<Event, Row extends FoldedRow>(
  options: WriterOptions<Event, Row>,
): Promise<ProjectionWriter> {
  const { store, projection, target, fencingEpoch } = options;
  let committed = await readCheckpoint(store, target);
  let folded = committed;
  const held = await heldStreams(store, target);
  const rows = createRowCache<Row>(CACHED_ROWS_MAX);
  let folding: Promise<unknown> = Promise.resolve();
  let [writing, writingBefore]: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];

  const foldNext = async (batch: readonly StoredEvent[], to: bigint) => {
    const result = await foldWithRows(options, held, rows, batch, folded);
    const from = folded;
    folded = folded === null || to > folded ? to : folded;
    for (const { recorded } of result.quarantined) held.add(recorded.stream);
    for (const { key, row } of result.changes.values()) rows.set(key, row);
    return { result, from, to: folded };
  };
  const apply = (batch: readonly StoredEvent[], through: bigint, released: readonly string[] = []) => {
    const ready = Promise.all([folding, writingBefore]).then(() => foldNext(batch, through));
    const written = Promise.all([ready, writing]).then(async ([{ result, from, to }]) => {
      const changes = [...result.changes.values()];
      const { quarantined } = result;
      await commitBatch(store, projection, target, fencingEpoch, {
        changes,
        quarantined,
        // A stream that is held again and has changed nothing was never let go.
        released: changes.length > 0 || quarantined.length === 0 ? released : [],
        from,
        to,
      });
      committed = to;
      return { events: result.applied, quarantined };
    });
    folding = ready;
    [writingBefore, writing] = [writing, written];
    // The caller sees the failure on `written`; without these the copies held here would count as unhandled.
    for (const copy of [ready, written]) copy.catch(() => undefined);
    return written;
  };
  return {
    checkpoint: () => committed,
    heldStreams: () => held,
    apply: (batch, through) => apply(batch, through),
    replay: async (stream) => {
      await writing;
      held.delete(stream);
      const events: StoredEvent[] = [];
      for await (const event of options.readMissing(stream, 0n)) events.push(event);
      return apply(events, committed ?? 0n, [stream]);
    },
  };
}

/** Loads the rows that the batch needs, folds it, and fills gaps from the log itself. */
async function foldWithRows<Event, Row extends FoldedRow>(
  options: WriterOptions<Event, Row>,
  held: ReadonlySet<string>,
  rows: ReturnType<typeof createRowCache<Row>>,
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
  for (const { stream, from, to } of gaps) {
    for await (const event of readMissing(stream, from)) {
      if (event.revision >= to) break;
      found.push(event);
    }
  }
  return found;
}

/** Streams do not depend on each other, so the order of revisions is enough to put every stream in order. */
function inOrder(events: readonly StoredEvent[]): readonly StoredEvent[] {
  const sorted = events.every((event, index) => index === 0 || events[index - 1]!.position < event.position);
  return sorted ? events : [...events].sort((a, b) => Number(a.revision - b.revision));
}

async function knownRows<Event, Row extends FoldedRow>(
  { store, projection, target }: WriterOptions<Event, Row>,
  cache: ReturnType<typeof createRowCache<Row>>,
  batch: readonly { key: string; recorded: StoredEvent }[],
  after: Checkpoint,
): Promise<Map<string, Row | undefined>> {
  const known = new Map<string, Row | undefined>();
  const unknown: string[] = [];
  for (const { key, recorded } of batch) {
    if (known.has(key)) continue;
    // A stream that begins beyond everything folded so far has no row yet: nothing to ask Postgres for.
    const isNew = recorded.revision === 0n && (after === null || recorded.position > after);
    if (!isNew && !cache.has(key)) unknown.push(key);
    known.set(key, cache.get(key));
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
