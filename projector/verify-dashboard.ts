import type { Queryable } from '../read-store/pool.ts';
import type { Values } from '../read-store/projection-engine/table.ts';
import { GATEWAY_STREAM, REJECTED_UPLOADS_STREAM } from '../schemas/streams.ts';
import { EVER, figuresTable } from './dashboard/figures-table.ts';
import { dashboardProjection } from './dashboard/projection.ts';
import { streamsTable, type CountedStream } from './dashboard/row.ts';
import { DASHBOARD_TARGET } from './targets.ts';
import {
  DIFFERENCES_MAX,
  inParallel,
  type Difference,
  type Verified,
  type VerifyOptions,
} from './verified.ts';

/** Streams whose rows are read at once. */
const PAGE_STREAMS = 500;
const QUARTER_MS = 15 * 60_000;

/**
 * Compares the figures with the fold of the log, while both go on: the figures and their checkpoint are read by one
 * statement, then every stream is counted again up to that checkpoint. Memory grows with the number of figures, not
 * of jobs. A stream in quarantine is counted up to where it is held. Refused uploads are compared as far back as the
 * log keeps them.
 *
 * @throws LogUnavailable, ReadStoreUnavailable, EventNotUnderstood
 */
export async function verifyDashboard(options: VerifyOptions): Promise<Verified> {
  const { store, log } = options;
  const { checkpoint, figures } = await readFigures(store);
  const held = await heldFrom(store);
  const differences: Difference[] = [];
  const counted = new Map<string, number>();
  let checked = 0;
  let rejectedFrom = '';
  for await (const page of pagesOfStreams(log, checkpoint)) {
    const rows = await rowsOf(store, page);
    checked += page.length;
    const found = await inParallel(page, async (stream) => {
      const outcome = await countStream(options, stream, rows.get(stream), {
        checkpoint,
        held: held.get(stream),
      });
      for (const [key, value] of outcome.figures) counted.set(key, (counted.get(key) ?? 0) + value);
      if (outcome.truncatedAt !== null) rejectedFrom = afterQuarterOf(outcome.truncatedAt);
      return outcome.difference;
    });
    differences.push(...found.filter((difference) => difference !== null));
  }
  differences.push(...differingFigures(figures, counted, rejectedFrom));
  const max = options.differencesMax ?? DIFFERENCES_MAX;
  return { checked, differences: differences.slice(0, max), position: checkpoint };
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

async function* pagesOfStreams(
  log: VerifyOptions['log'],
  checkpoint: bigint,
): AsyncGenerator<readonly string[]> {
  yield [GATEWAY_STREAM, REJECTED_UPLOADS_STREAM];
  let page: string[] = [];
  for await (const event of log.readAll('start', { eventTypePrefixes: ['DocumentUploaded'] })) {
    if (event.position > checkpoint) break;
    if (event.revision !== 0n || dashboardProjection.keyOf(event.stream) === null) continue;
    page.push(event.stream);
    if (page.length < PAGE_STREAMS) continue;
    yield page;
    page = [];
  }
  yield page;
}

async function rowsOf(store: Queryable, streams: readonly string[]): Promise<Map<string, CountedStream>> {
  const { rows } = await store.query<Record<string, unknown> & { stream: string }>(
    'select * from docket.dashboard_streams where stream = any($1::text[])',
    [streams],
  );
  return new Map(rows.map((record) => [record.stream, streamsTable.rowOf(record)]));
}

interface CountedAgain {
  readonly figures: Map<string, number>;
  readonly difference: Difference | null;
  /** `at` of the first event that the log still has of a stream whose beginning is gone. */
  readonly truncatedAt: string | null;
}

/** Counts a stream up to the checkpoint, and compares its row with the fold at the row's own revision. */
async function countStream(
  { log }: VerifyOptions,
  stream: string,
  found: CountedStream | undefined,
  until: { readonly checkpoint: bigint; readonly held: bigint | undefined },
): Promise<CountedAgain> {
  const figures = new Map<string, number>();
  let row: CountedStream | undefined;
  let atFound: CountedStream | undefined;
  let truncatedAt: string | null = null;
  for await (const recorded of log.readStream(stream)) {
    if (until.held !== undefined && recorded.revision >= until.held) break;
    const isCounted = recorded.position <= until.checkpoint;
    if (!isCounted && (found === undefined || recorded.revision > found.revision)) break;
    const event = dashboardProjection.understand(recorded);
    if (row === undefined && recorded.revision > 0n) truncatedAt = event.data.at;
    const before = row;
    row = dashboardProjection.fold(before, event, recorded);
    if (row?.revision === found?.revision) atFound = row;
    if (!isCounted) continue;
    for (const values of figuresTable.entriesOf(event, recorded, before, row)) {
      const key = keyOf(values.slice(0, figuresTable.keyColumns));
      figures.set(key, (figures.get(key) ?? 0) + Number(values.at(-1)));
    }
  }
  return { figures, truncatedAt, difference: rowDifference(stream, found, atFound, row) };
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
  const [says, shows] = [expected && streamsTable.valuesOf(expected), streamsTable.valuesOf(found)];
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
    const [expected, value] = [counted.get(key) ?? 0, found.get(key) ?? 0];
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
