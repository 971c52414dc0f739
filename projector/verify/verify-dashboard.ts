import type { Queryable } from '../../read-store/pool.ts';
import type { Values } from '../../read-store/projection-engine/table.ts';
import { FOLLOWED_STREAM_PREFIXES, REJECTED_UPLOADS_STREAM } from '../../schemas/events/streams.ts';
import { EVER, figuresTable } from '../../read-tables/dashboard/figures-table.ts';
import { dashboardProjection } from '../dashboard/dashboard-projection.ts';
import { streamsTable, type CountedStream } from '../../read-tables/dashboard/streams-table.ts';
import { DASHBOARD_TARGET } from '../targets.ts';
import {
  DIFFERENCES_MAX,
  inParallel,
  tellProgress,
  type Difference,
  type Verified,
  type VerifyOptions,
} from './verified.ts';

/** Number of streams whose rows are read at once. */
const PAGE_STREAMS = 500;
const QUARTER_MS = 15 * 60_000;

/**
 * Compares the figures with the fold of the log while both continue. One statement reads the figures and their
 * checkpoint. Then every event up to that checkpoint is counted again, in one read of the log. Memory holds one row for
 * each stream, about 1 KB. A stream in quarantine is counted up to its first held event. Refused uploads are compared
 * only while the log still keeps them.
 * @throws LogUnavailable, ReadStoreUnavailable, EventNotUnderstood, the signal's reason
 */
export async function verifyDashboard(options: VerifyOptions): Promise<Verified> {
  const { store, log } = options;
  const { checkpoint, figures } = await readFigures(store);
  const held = await heldFrom(store);
  const counted = await countAgain(options, checkpoint, held);
  const differences: Difference[] = [];
  const streams = [...counted.rows.keys()];
  for (let start = 0; start < streams.length; start += PAGE_STREAMS) {
    const page = streams.slice(start, start + PAGE_STREAMS);
    const rows = await rowsOf(store, page);
    const found = await inParallel(page, (stream) =>
      differingRow(log, stream, {
        found: rows.get(stream),
        expected: counted.rows.get(stream),
        held: held.get(stream),
      }),
    );
    differences.push(...found.filter((difference) => difference !== null));
  }
  differences.push(...differingFigures(figures, counted.figures, counted.rejectedFrom));
  const max = options.differencesMax ?? DIFFERENCES_MAX;
  return { checked: streams.length, differences: differences.slice(0, max), position: checkpoint };
}

interface FigureRow {
  readonly head: string;
  readonly grain: string | null;
  readonly start: Date;
  readonly figure: string;
  readonly detail: string;
  readonly value: string;
}

async function readFigures(store: Queryable): Promise<{ checkpoint: bigint; figures: Map<string, number> }> {
  const { rows } = await store.query<FigureRow>(
    `select coalesce(c.commit_position, -1)::text as head, f.*
     from (values ($1::text, $2::integer)) as own (name, version)
     left join docket.checkpoints c on c.projection = own.name and c.version = own.version
     left join docket.dashboard_figures f on true`,
    [DASHBOARD_TARGET.ledger, DASHBOARD_TARGET.version],
  );
  const present = rows.filter((row) => row.grain !== null);
  return {
    checkpoint: BigInt(rows[0]?.head ?? -1),
    figures: new Map(
      present.map((row) => [
        keyOf([row.grain, row.start.toISOString(), row.figure, row.detail]),
        Number(row.value),
      ]),
    ),
  };
}

async function heldFrom(store: Queryable): Promise<Map<string, bigint>> {
  const { rows } = await store.query<{ stream: string; revision: string }>(
    'select stream, revision from docket.quarantine where projection = $1 and version = $2',
    [DASHBOARD_TARGET.ledger, DASHBOARD_TARGET.version],
  );
  return new Map(rows.map(({ stream, revision }) => [stream, BigInt(revision)]));
}

async function rowsOf(store: Queryable, streams: readonly string[]): Promise<Map<string, CountedStream>> {
  const { rows } = await store.query<Record<string, unknown> & { stream: string }>(
    'select * from docket.dashboard_streams where stream = any($1::text[])',
    [streams],
  );
  return new Map(rows.map((record) => [record.stream, streamsTable.rowOf(record)]));
}

interface CountedAgain {
  readonly figures: ReadonlyMap<string, number>;
  /** The row of every stream at the checkpoint. */
  readonly rows: ReadonlyMap<string, CountedStream | undefined>;
  /** The time before which the log no longer has refusals; empty when the log has all of them. */
  readonly rejectedFrom: string;
}

/** Counts every event up to the checkpoint; of a held stream, only the events before the first held one. */
async function countAgain(
  options: VerifyOptions,
  checkpoint: bigint,
  held: ReadonlyMap<string, bigint>,
): Promise<CountedAgain> {
  const figures = new Map<string, number>();
  const rows = new Map<string, CountedStream | undefined>();
  let rejectedFrom = '';
  let seen = 0;
  for await (const recorded of options.log.readAll('start', { streamPrefixes: FOLLOWED_STREAM_PREFIXES })) {
    const { stream, revision, position } = recorded;
    if (position > checkpoint) break;
    seen += 1;
    if (seen % 1_000 === 0) tellProgress(options, seen);
    if (dashboardProjection.keyOf(stream) === null || revision >= (held.get(stream) ?? revision + 1n))
      continue;
    const event = dashboardProjection.understand(recorded);
    const before = rows.get(stream);
    if (stream === REJECTED_UPLOADS_STREAM && before === undefined && revision > 0n)
      rejectedFrom = afterQuarterOf(event.data.at);
    const row = dashboardProjection.fold(before, event, recorded);
    rows.set(stream, row);
    // An event without a row after it does not count, as in the engine. An example is a request for a job that does not
    // exist.
    if (row === undefined) continue;
    for (const values of figuresTable.entriesOf(event, recorded, before, row)) {
      const key = keyOf(values.slice(0, figuresTable.keyColumns));
      figures.set(key, (figures.get(key) ?? 0) + Number(values.at(-1)));
    }
  }
  return { figures, rows, rejectedFrom };
}

/**
 * Compares a stream's row with the fold at the checkpoint. If they differ, compares it with the fold at the row's own
 * revision.
 */
async function differingRow(
  log: VerifyOptions['log'],
  stream: string,
  {
    found,
    expected,
    held,
  }: {
    readonly found: CountedStream | undefined;
    readonly expected: CountedStream | undefined;
    /** Revision of the first event in quarantine. */
    readonly held: bigint | undefined;
  },
): Promise<Difference | null> {
  if (found === undefined || expected?.revision === found.revision)
    return rowDifference(stream, found, expected, expected);
  let row: CountedStream | undefined;
  let atFound: CountedStream | undefined;
  for await (const recorded of log.readStream(stream)) {
    if (recorded.revision > found.revision || recorded.revision >= (held ?? found.revision + 1n)) break;
    row = dashboardProjection.fold(row, dashboardProjection.understand(recorded), recorded);
    if (row?.revision === found.revision) atFound = row;
  }
  return rowDifference(stream, found, atFound, row);
}

function rowDifference(
  stream: string,
  found: CountedStream | undefined,
  expected: CountedStream | undefined,
  last: CountedStream | undefined,
): Difference | null {
  if (found === undefined)
    return last === undefined
      ? null
      : { subject: stream, kind: 'stream not counted', expected: last.revision, found: null };
  const says = expected && streamsTable.valuesOf(expected);
  const shows = streamsTable.valuesOf(found);
  return says !== undefined && keyOf(says) === keyOf(shows)
    ? null
    : { subject: stream, kind: 'row differs', expected: says ?? null, found: shows };
}

function differingFigures(
  found: ReadonlyMap<string, number>,
  counted: ReadonlyMap<string, number>,
  rejectedFrom: string,
): Difference[] {
  const differences: Difference[] = [];
  for (const key of new Set([...found.keys(), ...counted.keys()])) {
    const [, start, figure] = JSON.parse(key) as string[];
    const isGone = figure === 'rejected' && rejectedFrom !== '' && (start === EVER || start! < rejectedFrom);
    const expected = counted.get(key) ?? 0;
    const value = found.get(key) ?? 0;
    if (expected !== value && !isGone)
      differences.push({ subject: key, kind: 'figure differs', expected, found: value });
  }
  return differences;
}

function afterQuarterOf(at: string): string {
  return new Date(Math.floor(Date.parse(at) / QUARTER_MS + 1) * QUARTER_MS).toISOString();
}

function keyOf(values: Values): string {
  return JSON.stringify(values.map((value) => (typeof value === 'bigint' ? value.toString() : value)));
}
