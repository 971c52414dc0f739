import { createPublicKey, type KeyObject } from 'node:crypto';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { isoNow, type Clock } from '../runtime/clock.ts';
import { readSeals, type ReadSeals } from './read-seals.ts';
import { signed, storedChanges, storedSeal, summaryOf, type Seal } from './seal.ts';
import type { SealCopies } from './seal-store.ts';
import { SEALED_STREAM_PREFIXES, streamEnds, type StreamEnds } from './stream-ends.ts';
import { sha256Of } from '../schemas/sha256.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';

/** The log or an earlier seal has a fault, so Docket does not seal the log. */
export class SealRefused extends CodedError {
  readonly code = 'SEAL_REFUSED';

  constructor(why: string, options?: ErrorOptions) {
    super(`Nothing was sealed: ${why}. \`docket audit verify\` shows more.`, options);
  }
}

export interface SealParts {
  readonly log: Pick<EventLog, 'readAll' | 'readStream' | 'head'>;
  /** The places where seals are stored. The first place counts, and is written first. */
  readonly copies: readonly SealCopies[];
  readonly key: KeyObject;
  /** Keys of earlier seals, after a change of the key. */
  readonly earlierKeys?: readonly KeyObject[];
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (position: bigint, head: bigint) => void;
}

/**
 * Seals the log up to its present end: a signed Merkle root over the ends of all streams, chained to the previous
 * seal. It reads only events since that seal, and checks each against its chain.
 *
 * @throws SealRefused when an event, a stream's end or an earlier seal has changed; BlobExists when another process
 * sealed meanwhile; LogUnavailable; BlobStoreUnavailable; the signal's reason
 */
export async function sealLog(parts: SealParts): Promise<Seal> {
  const before = await readSeals(parts.copies, [createPublicKey(parts.key), ...(parts.earlierKeys ?? [])]);
  const [fault] = before.faults;
  if (fault) throw new SealRefused(fault.message);
  const head = await parts.log.head();
  const after = await placeAfter(parts, before);
  const streams = streamEnds(after === 'start' ? new Map() : before.ends);
  const last = await takeAll(parts, streams, after, head);
  if (after === 'start') assertHolds(before, streams);
  const changes = storedChanges(streams.ends, before.ends);
  const seal = signed(
    {
      format: 'docket.seal.v1',
      number: before.count + 1,
      sealedAt: isoNow(parts.clock),
      position: head.toString(),
      last: last
        ? { stream: last.stream, revision: last.revision.toString(), id: last.id }
        : (before.newest?.last ?? null),
      ...summaryOf(streams.ends),
      changes: sha256Of(changes),
      previous: before.newestHash,
    },
    parts.key,
  );
  for (const place of parts.copies) await place.write(seal.number, { seal: storedSeal(seal), changes });
  return seal;
}

/**
 * Returns the position at which to continue reading: the end of the previous seal, or the start when the positions of
 * this log differ.
 */
async function placeAfter({ log }: SealParts, { newest }: ReadSeals): Promise<bigint | 'start'> {
  if (!newest?.last) return 'start';
  const { stream, revision, id } = newest.last;
  for await (const event of log.readStream(stream, BigInt(revision))) {
    if (event.id !== id) break;
    return event.position > 0n && event.position <= BigInt(newest.position)
      ? BigInt(newest.position)
      : 'start';
  }
  throw new SealRefused(
    `event ${revision} of ${stream}, the last one of seal ${newest.number}, is not in the log`,
  );
}

async function takeAll(
  { log, signal, onProgress }: SealParts,
  streams: StreamEnds,
  after: bigint | 'start',
  head: bigint,
): Promise<RecordedEvent | null> {
  let last: RecordedEvent | null = null;
  let seen = 0;
  for await (const event of log.readAll(after, { streamPrefixes: SEALED_STREAM_PREFIXES })) {
    if (event.position > head) break;
    const fault = streams.take(event);
    if (fault) throw new SealRefused(`${fault.stream}: ${fault.message}`);
    last = event;
    seen += 1;
    if (seen % 1_000 !== 0) continue;
    signal?.throwIfAborted();
    onProgress?.(event.position, head);
  }
  return last;
}

/** Checks that a log, read from the start, has everything that the previous seal covers. */
function assertHolds(before: ReadSeals, { ends }: StreamEnds): void {
  for (const [stream, sealed] of before.ends) {
    const end = ends.get(stream);
    if (!end || end.revision < sealed.revision)
      throw new SealRefused(`${stream} ends before event ${sealed.revision}, which was sealed`);
  }
}
