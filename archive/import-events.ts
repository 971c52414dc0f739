import { LogUnavailable, StreamMovedOn } from '../event-store/errors.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { retry } from '../runtime/retry.ts';
import { ArchiveDamaged, HistoriesDiffer } from './archive-errors.ts';
import type { ArchivedEvent } from './event-line.ts';
import { noteUnfit, type UnfitEvent } from './unfit-events.ts';
import { readLinks, readManifest, type BatchLink } from './links.ts';
import type { Place } from './place.ts';
import { readBatch } from './read-batch.ts';

/** Most appends in flight. They reach the store in the order of the archive. */
const APPENDS_IN_FLIGHT = 128;
/**
 * Approximate limit of the bytes of appends in flight. The time limit of an append begins when the client accepts it.
 * With many MB in flight on a slow machine, the last append passed its limit before it was sent, and all other
 * appends then failed.
 */
const BYTES_IN_FLIGHT = 1024 * 1024;

/**
 * Longest time without an answer of the store. It is enough for a restart, or for a disk that other programs keep
 * busy.
 */
const RETRY_FOR_MS = 120_000;
const BACKOFF = { firstMs: 1_000, maxMs: 10_000 };

export interface ImportParts {
  /**
   * No other process may write to the log meanwhile, because a processor would start jobs whose outcome is still to
   * come.
   */
  readonly log: Pick<EventLog, 'append' | 'readStream'>;
  readonly place: Place;
  /** The last batch to import, and the hash of its link. By default, the newest manifest gives both. */
  readonly until?: { readonly batches: number; readonly link: string | null };
  readonly signal?: AbortSignal;
  /** The time in ms for which an append retries while the log does not answer. */
  readonly retryForMs?: number;
  readonly onProgress?: (events: number, of: number) => void;
  /** Receives every event of the archive, also an event that the log already had. */
  readonly onEvent?: (event: ArchivedEvent) => void;
}

export interface Imported {
  readonly events: number;
  readonly batches: number;
  /** Number of batches that the log already had at the start. */
  readonly skippedBatches: number;
  /** The first `UNFIT_MAX` events that this build will hold in quarantine or skip. */
  readonly unfit: readonly UnfitEvent[];
}

/**
 * Appends an archive to a log: each event with its own id, revision and metadata, in the order of the archive. It
 * checks a whole batch before it appends any of it. The store recognises a repeated append by id and revision. So an
 * interrupted import continues, and a second import changes nothing. An append without an answer is retried for a
 * while. Appends of other streams may overtake it. The new log gives new positions and timestamps.
 *
 * @throws ArchiveDamaged; HistoriesDiffer when the log has other events at these revisions; LogUnavailable;
 * BlobStoreUnavailable; the signal's reason, between two batches
 */
export async function importEvents(parts: ImportParts): Promise<Imported> {
  const { place } = parts;
  const until = parts.until ?? (await readManifest(place))?.manifest;
  if (until === undefined)
    throw new ArchiveDamaged('manifest/', 'there is none: the export was not completed');
  const { links, end } = await readLinks(place, until.batches);
  if (end !== until.link) throw new ArchiveDamaged('manifest/', 'it does not match the batches that exist');
  const all = links.reduce((sum, link) => sum + link.events, 0);
  const begun = await batchesBegun(parts, links);
  // The last batch that was begun may be incomplete.
  const skippedBatches = Math.max(0, begun - 1);
  const unfit: UnfitEvent[] = [];
  let events = 0;
  for (const link of links) {
    parts.signal?.throwIfAborted();
    if (link.batch > skippedBatches || parts.onEvent) {
      const batch = await readBatch(place, link);
      noteUnfit(unfit, batch);
      if (link.batch > skippedBatches) await appendBatch(parts, link, batch);
      if (parts.onEvent) batch.forEach(parts.onEvent);
    }
    events += link.events;
    parts.onProgress?.(events, all);
  }
  return { events, batches: links.length, skippedBatches, unfit };
}

/**
 * The number of batches whose first event is in the log. Batches are appended in order, so a binary search finds it.
 */
async function batchesBegun({ log }: ImportParts, links: readonly BatchLink[]): Promise<number> {
  let from = 0;
  let to = links.length;
  while (from < to) {
    const middle = Math.ceil((from + to) / 2);
    if (await hasEvent(log, links[middle - 1]!.first)) from = middle;
    else to = middle - 1;
  }
  return from;
}

async function hasEvent(
  log: ImportParts['log'],
  { stream, revision, id }: BatchLink['first'],
): Promise<boolean> {
  for await (const event of log.readStream(stream, BigInt(revision))) return event.id === id;
  return false;
}

async function appendBatch(
  parts: ImportParts,
  link: BatchLink,
  events: readonly ArchivedEvent[],
): Promise<void> {
  const [first, ...rest] = runsOf(events);
  const settle = (
    run: readonly ArchivedEvent[],
    outcome: PromiseSettledResult<void>,
  ): Promise<void> | undefined =>
    // An append that overtook its predecessor failed, because the predecessor had to retry. The append can succeed
    // now.
    outcome.status === 'rejected' ? appendAgain(parts, link, run, outcome.reason) : undefined;
  const inFlight = Math.max(
    1,
    Math.min(APPENDS_IN_FLIGHT, Math.floor((BYTES_IN_FLIGHT * link.events) / link.bytes)),
  );
  // The first append opens the client's stream of appends. The import waits for the first append, because later
  // appends could otherwise overtake it.
  for (const some of [first ? [first] : [], ...inGroups(rest, inFlight)]) {
    const outcomes = await Promise.allSettled(some.map((run) => appendRun(parts, run)));
    for (const [index, outcome] of outcomes.entries()) await settle(some[index]!, outcome);
  }
}

function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
}

/** Joins neighbouring events of one stream into one append, because one command probably wrote them. */
function runsOf(events: readonly ArchivedEvent[]): ArchivedEvent[][] {
  const runs: ArchivedEvent[][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    if (run?.[0]?.stream === event.stream) run.push(event);
    else runs.push([event]);
  }
  return runs;
}

async function appendRun({ log }: ImportParts, run: readonly ArchivedEvent[]): Promise<void> {
  const first = run[0]!;
  const events = run.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }));
  await log.append(first.stream, events, first.revision === 0n ? 'no_stream' : first.revision - 1n);
}

async function appendAgain(
  parts: ImportParts,
  link: BatchLink,
  run: readonly ArchivedEvent[],
  cause: unknown,
): Promise<void> {
  if (!(cause instanceof StreamMovedOn || cause instanceof LogUnavailable)) throw cause;
  const { retryForMs = RETRY_FOR_MS, signal } = parts;
  const untilMs = performance.now() + retryForMs;
  const isPassing = (error: unknown): boolean => error instanceof LogUnavailable;
  try {
    await retry(() => appendRun(parts, run), { backoff: BACKOFF, untilMs, isPassing, signal });
  } catch (error) {
    if (!(error instanceof StreamMovedOn)) throw error;
    const { stream, revision } = run[0]!;
    const actual = error.actual ?? -1n;
    throw new HistoriesDiffer(
      actual < revision - 1n
        ? `batch ${link.batch} continues with event ${revision} of ${stream}, which ends at ${actual} in the log`
        : `the log has another event ${revision} of ${stream} than batch ${link.batch}`,
      { cause: error },
    );
  }
}
