/**
 * Adds streams of five events to a log through the storage engine, without the network: `node
 * bench/index-size/fill.ts FOLDER FROM TO END_MS`. Stops at END_MS of the system's clock and prints the number of
 * streams in the log.
 */
import { randomUUID } from 'node:crypto';
import { DEFAULT_LIMITS } from '../../event-store-server/storage/store-limits.ts';
import { openLog } from '../../event-store-server/storage/open-log.ts';
import type { WriteRequest } from '../../event-store-server/storage/write-request.ts';

/**
 * The events of a job that is converted at the first attempt: uploaded, requested, started, succeeded, and sometimes
 * another one.
 */
const EVENTS_A_STREAM = 5;
const APPENDS_AT_ONCE = 4_000;
const APPEND_BYTES = 1_024;

const directory = process.argv[2] ?? '';
const from = Number(process.argv[3]);
const to = Number(process.argv[4]);
const endMs = Number(process.argv[5]);

const fail = (failure: unknown): void => {
  throw new Error(String(failure));
};
const log = openLog(directory, DEFAULT_LIMITS, { notice: fail, onFailed: fail });
const type = Buffer.from('Counted');
const contentType = Buffer.from('application/json');
const content = Buffer.from('{}');

/** Makes a different id for each event, much faster than a random id. */
const idTail = randomUUID().slice(12);
const idOf = (n: number): string => {
  const digits = n.toString(16).padStart(11, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}${idTail}`;
};

function append(stream: number): Promise<void> {
  const request: WriteRequest = {
    kind: 'append',
    stream: Buffer.from(`job-${randomUUID()}`),
    expected: { kind: 'no-stream' },
    events: Array.from({ length: EVENTS_A_STREAM }, (_, within) => ({
      id: idOf(stream * EVENTS_A_STREAM + within),
      type,
      contentType,
      customMetadata: content,
      content,
    })),
    notAfterMs: Infinity,
  };
  return new Promise((resolve, reject) => {
    log.submit(request, APPEND_BYTES, ({ kind }) => {
      if (kind === 'written') resolve();
      else reject(new Error(kind));
    });
  });
}

let streams = from;
while (streams < to && Date.now() < endMs) {
  const group = Math.min(APPENDS_AT_ONCE, to - streams);
  const first = streams;
  await Promise.all(Array.from({ length: group }, (_, within) => append(first + within)));
  streams += group;
}
await log.close();
console.log(streams);
