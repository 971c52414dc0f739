import type { KeyObject } from 'node:crypto';
import type { EventLog } from '../event-store/event-log.ts';
import { METADATA_STREAM_PREFIX } from '../event-store/stream-limit.ts';
import { readSeals, type SealFault } from './read-seals.ts';
import { hiddenStreams } from './hidden-streams.ts';
import type { SealCopies } from './seal-store.ts';
import { SEALED_STREAM_PREFIXES, streamEnds, type ChainFault, type StreamEnd } from './stream-ends.ts';

export interface LogVerified {
  readonly events: number;
  readonly streams: number;
  readonly seals: number;
  /** Number of events after the newest seal. No seal protects their end yet. */
  readonly unsealedEvents: number;
  /** The first faults, at most `faultsMax`. */
  readonly faults: readonly (ChainFault | SealFault)[];
}

export interface VerifyLogParts {
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly copies: readonly SealCopies[];
  readonly keys: readonly KeyObject[];
  /** Most faults to report; 20 by default. */
  readonly faultsMax?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (position: bigint, head: bigint) => void;
}

/**
 * Reads every event and every seal. Each event must be unchanged and in its place, and each stream must still have its
 * sealed end. It names changed and missing events, and streams that were cut, replaced or dropped.
 *
 * @throws LogUnavailable, BlobStoreUnavailable, the signal's reason
 */
export async function verifyLog(parts: VerifyLogParts): Promise<LogVerified> {
  const { log } = parts;
  const seals = await readSeals(parts.copies, parts.keys);
  const faults: (ChainFault | SealFault)[] = [...seals.faults];
  const faultsMax = parts.faultsMax ?? 20;
  const head = await log.head();
  const streams = streamEnds();
  const hidden = hiddenStreams();
  const streamPrefixes = SEALED_STREAM_PREFIXES.flatMap((prefix) => [
    prefix,
    `${METADATA_STREAM_PREFIX}${prefix}`,
  ]);
  let events = 0;
  let sealedEvents = 0;
  for await (const event of log.readAll('start', { streamPrefixes })) {
    if (event.position > head || faults.length >= faultsMax) break;
    if (hidden.take(event)) continue;
    events += 1;
    const sealed = seals.ends.get(event.stream);
    if (sealed && event.revision <= sealed.revision) sealedEvents += 1;
    const fault = streams.take(event) ?? rewritten(event, sealed, streams.ends);
    if (fault) faults.push(fault);
    if (events % 1_000 !== 0) continue;
    parts.signal?.throwIfAborted();
    parts.onProgress?.(event.position, head);
  }
  if (faults.length < faultsMax) faults.push(...cutStreams(seals.ends, streams.ends));
  for (const { stream, message } of hidden.found())
    faults.push({ kind: 'hidden', stream, revision: '0', message });
  return {
    events,
    streams: streams.ends.size,
    seals: seals.count,
    unsealedEvents: events - sealedEvents,
    faults: faults.slice(0, faultsMax),
  };
}

/**
 * When the chain of a stream is correct but its hash differs from the sealed hash, somebody has written the stream
 * again.
 */
function rewritten(
  { stream, revision, type }: { stream: string; revision: bigint; type: string },
  sealed: StreamEnd | undefined,
  ends: ReadonlyMap<string, StreamEnd>,
): ChainFault | null {
  if (sealed?.revision !== revision || ends.get(stream)?.hash === sealed.hash) return null;
  const message = `up to event ${revision} (${type}) it differs from what was sealed: it was written again`;
  return { kind: 'rewritten', stream, revision: revision.toString(), message };
}

function cutStreams(
  sealed: ReadonlyMap<string, StreamEnd>,
  ends: ReadonlyMap<string, StreamEnd>,
): ChainFault[] {
  const faults: ChainFault[] = [];
  for (const [stream, { revision }] of sealed) {
    const end = ends.get(stream);
    if (end && end.revision >= revision) continue;
    const missing = end ? end.revision + 1n : 0n;
    const message = end
      ? `it was cut: events ${missing} to ${revision} were sealed and are missing`
      : `it is gone: all of its ${revision + 1n} events were sealed`;
    faults.push({ kind: end ? 'truncated' : 'dropped', stream, revision: missing.toString(), message });
  }
  return faults;
}
