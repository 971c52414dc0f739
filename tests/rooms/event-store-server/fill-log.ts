/**
 * Fills a log through the storage engine, past the network: `node fill-log.ts DIR EVENTS STREAMS`. The events go
 * in APPENDS of ten to the streams `job-0`, `job-1` ... in turn, numbered from 0 in the order of the log.
 */
import { randomUUID } from 'node:crypto';
import { DEFAULT_LIMITS } from '../../../event-store-server/storage/store-limits.ts';
import { openLog } from '../../../event-store-server/storage/open-log.ts';
import type { WriteRequest } from '../../../event-store-server/storage/write-request.ts';

const EVENTS_IN_APPEND = 10;
const APPENDS_IN_FLIGHT = 2000;
/** The approximate memory of an append in the writer's queue. */
const APPEND_BYTES = 4096;

const directory = process.argv[2] as string;
const events = Number(process.argv[3]);
const streams = Number(process.argv[4]);

const fail = (failure: unknown): void => {
  throw new Error(String(failure));
};
const log = openLog(directory, DEFAULT_LIMITS, { notice: fail, onFailed: fail });

const filler = 'x'.repeat(200);
const idTail = randomUUID().slice(8);
const type = Buffer.from('Counted');
const contentType = Buffer.from('application/json');
const customMetadata = Buffer.from('{"correlationId":"c"}');

const eventOf = (n: number): WriteRequest['events'][number] => ({
  id: n.toString(16).padStart(8, '0') + idTail,
  type,
  contentType,
  customMetadata,
  content: Buffer.from(`{"n":${n},"filler":"${filler}"}`),
});

function append(place: number): Promise<void> {
  const first = place * EVENTS_IN_APPEND;
  const request: WriteRequest = {
    kind: 'append',
    stream: Buffer.from(`job-${place % streams}`),
    expected: { kind: 'revision', revision: Math.floor(place / streams) * EVENTS_IN_APPEND - 1 },
    events: Array.from({ length: EVENTS_IN_APPEND }, (_, within) => eventOf(first + within)),
    notAfterMs: Infinity,
  };
  return new Promise((resolve, reject) => {
    log.submit(request, APPEND_BYTES, (outcome) => {
      if (outcome.kind === 'written') resolve();
      else reject(new Error(outcome.kind));
    });
  });
}

const APPENDS = events / EVENTS_IN_APPEND;
for (let first = 0; first < APPENDS; first += APPENDS_IN_FLIGHT) {
  const group = Math.min(APPENDS_IN_FLIGHT, APPENDS - first);
  await Promise.all(Array.from({ length: group }, (_, within) => append(first + within)));
}
await log.close();
