import type { StoredEvent } from '../../../read-store/projection-engine/stored-event.ts';
import { eventIdOf, jobIdOf } from '../../../schemas/name-based-ids.ts';
import type { InvoiceIdentity, JobEvent } from '../../../schemas/events/job-events.ts';
import { jobStream } from '../../../schemas/events/streams.ts';

const MAPPING = { id: 'pt_simon_invoice_v1', version: 1 };
const START_MS = Date.UTC(2026, 0, 1);

/** Pseudo-random numbers in [0, 1) from a seed (mulberry32), so that a failing history can be made again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const hex = (random: () => number) => Math.floor(random() * 16).toString(16);
export const sha256From = (random: () => number) => Array.from({ length: 64 }, () => hex(random)).join('');

/** Events of `jobs` jobs, interleaved as many owners at once would make them; positions grow with gaps. */
export function jobHistories(jobs: number, seed: number): StoredEvent[] {
  const random = randomFrom(seed);
  const streams = Array.from({ length: jobs }, () => oneHistory(random));
  const events: StoredEvent[] = [];
  let position = 0n;
  const open = streams.map((history) => ({ ...history, next: 0 }));
  while (open.length > 0) {
    // Mostly the oldest few are active, as in a real queue.
    const index = Math.floor(random() * Math.min(open.length, 50));
    const stream = open[index]!;
    position += BigInt(1 + Math.floor(random() * 400));
    events.push(recorded(stream.jobId, stream.events[stream.next]!, stream.next, position));
    stream.next += 1;
    if (stream.next === stream.events.length) open.splice(index, 1);
  }
  return events;
}

function recorded(jobId: string, event: JobEvent, revision: number, position: bigint): StoredEvent {
  const stream = jobStream(jobId);
  const metadata = {
    correlationId: eventIdOf(jobId, 0),
    causationId: eventIdOf(jobId, revision),
    actor: 'processor:one',
    schemaVersion: 1,
  };
  const id = eventIdOf(stream, revision);
  return { id, type: event.type, stream, revision: BigInt(revision), position, data: event.data, metadata };
}

/** One job's life: upload, attempts, an end; sometimes a download, an expiry, a second upload. */
export function oneHistory(random: () => number): { jobId: string; events: JobEvent[] } {
  const sha256 = sha256From(random);
  const owner = `owner-${Math.floor(random() * 20)}`;
  const jobId = jobIdOf(owner, MAPPING, sha256);
  const events: JobEvent[] = [];
  let clockMs = START_MS + Math.floor(random() * 1e9);
  const at = () => new Date((clockMs += 1 + Math.floor(random() * 5_000))).toISOString();
  const filename = `fatura "nº" ${Math.floor(random() * 1e6)} {a,b} \\ ção.pdf`;
  const bytes = 1 + Math.floor(random() * 1e6);
  const blobKey = `pdf/${jobId}`;
  for (let run = 0; run < 3; run += 1) {
    if (run === 0 || random() < 0.5) {
      // One job in four has told its mapping something; what a job is made of is not in its id.
      const parameters = { termStart: '2026-09-01', timeZone: 'Europe/Lisbon' };
      const mapping = bytes % 4 === 0 ? { ...MAPPING, parameters } : MAPPING;
      events.push({
        type: 'DocumentUploaded',
        data: { at: at(), jobId, owner, filename, bytes, sha256, blobKey, mapping },
      });
    }
    const by = run === 0 ? 'upload' : 'retry';
    events.push({ type: 'ConversionRequested', data: { at: at(), by, priority: Math.floor(random() * 3) } });
    const isOver = addAttempts(events, at, random);
    if (!isOver || random() < 0.7) break;
    if (random() < 0.5) events.push({ type: 'SourceExpired', data: { at: at(), blobKey, cause: 'age' } });
  }
  return { jobId, events };
}

function addAttempts(events: JobEvent[], at: () => string, random: () => number): boolean {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    if (random() < 0.05)
      return events.push({ type: 'ConversionCancelled', data: { at: at(), by: 'owner' } }) > 0;
    const fencingToken = String(events.length);
    events.push({
      type: 'ConversionStarted',
      data: { at: at(), attempt, workerId: 'one', leaseUntil: at() },
    });
    const luck = random();
    if (luck < 0.6) return addSuccess(events, at, random, { attempt, fencingToken });
    const failure = {
      code: 'GW_5XX' as const,
      reason: luck < 0.7 ? 'PDF_CORRUPT' : null,
      message: 'the gateway "said" no',
    };
    if (luck < 0.8) {
      const data = { at: at(), attempt, fencingToken, ...failure, notBefore: at() };
      events.push({ type: 'ConversionDeferred', data });
    } else if (luck < 0.9)
      events.push({
        type: 'AttemptAbandoned',
        data: { at: at(), attempt, fencingToken, cause: 'lease-ended' },
      });
    else {
      events.push({
        type: 'ConversionFailed',
        data: { at: at(), attempts: attempt, fencingToken, ...failure },
      });
      return true;
    }
    // The outcome of a worker that had lost its lease: in the log it would have been refused, the fold ignores it.
    if (luck > 0.85) addSuccess(events, at, random, { attempt, fencingToken: '0' });
  }
  return false;
}

function addSuccess(
  events: JobEvent[],
  at: () => string,
  random: () => number,
  { attempt, fencingToken }: { readonly attempt: number; readonly fencingToken: string },
): boolean {
  const blobKey = `result/${fencingToken}-${attempt}`;
  const result = { blobKey, sha256: sha256From(random), bytes: 100 + attempt, mediaType: 'application/xml' };
  const warnings = random() < 0.2 ? [{ code: 'ILLEGAL_CHARACTERS', message: 'dropped "2"' }] : [];
  const pages = Math.floor(random() * 9);
  const gatewayMs = Math.floor(random() * 900);
  const convertedBy = { ...MAPPING, contentHash: result.sha256 };
  events.push({
    type: 'ConversionSucceeded',
    data: {
      at: at(),
      attempt,
      fencingToken,
      result,
      pages,
      gatewayMs,
      warnings,
      // A gateway of before did not say.
      convertedBy: pages % 2 === 0 ? convertedBy : undefined,
      // Some files are no invoice; of the others some are the same one, printed in two ways.
      invoice: pages % 3 === 0 ? undefined : invoiceFrom(pages + gatewayMs),
    },
  });
  if (random() < 0.4) events.push({ type: 'ResultDownloaded', data: { at: at(), bytes: result.bytes } });
  if (random() < 0.3) events.push({ type: 'ResultExpired', data: { at: at(), blobKey, cause: 'age' } });
  return true;
}

/** One of few invoices. */
function invoiceFrom(number: number): InvoiceIdentity {
  const which = number % 7;
  const sellerTaxId = number % 2 === 0 ? 'PT 508.332.559' : 'PT508332559';
  return { sellerTaxId, number: `FT 2026/${which}`, issueDate: `2026-03-0${which + 1}` };
}
