/**
 * Fills an empty event store's folder with a month: `node bench/month/fill-store.ts FOLDER JOBS [SEED]`. It uses the
 * storage engine without the network. The events are the same as those that the client would append.
 */
import { DEFAULT_LIMITS } from '../../event-store-server/storage/store-limits.ts';
import { openLog, type Log } from '../../event-store-server/storage/open-log.ts';
import type { WriteRequest } from '../../event-store-server/storage/write-request.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';
import type { EventToAppend } from '../../event-store/event-log.ts';
import type { Step } from './life.ts';
import { monthOf } from './month.ts';

/** Number of appends that are written and synced together. */
const APPENDS_AT_ONCE = 4_000;
const CONTENT_TYPE = Buffer.from('application/json');

const directory = process.argv[2];
const jobs = Number(process.argv[3]);
const seed = Number(process.argv[4] ?? 1);
if (directory === undefined || !Number.isSafeInteger(jobs) || jobs < 1)
  throw new Error('Say: node bench/month/fill-store.ts FOLDER JOBS [SEED]');

const startedMs = performance.now();
const fail = (failure: unknown): void => {
  throw new Error(String(failure));
};
const log = openLog(directory, DEFAULT_LIMITS, { notice: fail, onFailed: fail });
if (log.index.count() > 0) throw new Error(`${directory} holds events already`);
let events = 0;
let waiting: Promise<void>[] = [];
for (const step of monthOf(jobs, seed)) {
  events += step.events.length;
  waiting.push(append(log, step));
  if (waiting.length < APPENDS_AT_ONCE) continue;
  await Promise.all(waiting);
  waiting = [];
}
await Promise.all(waiting);
await log.close();
console.log(JSON.stringify({ jobs, events, seconds: Math.round((performance.now() - startedMs) / 1_000) }));

function append(to: Log, { stream, after, events: proposed }: Step): Promise<void> {
  const written = proposed.map(writtenEvent);
  const bytes = written.reduce(
    (sum, { content, customMetadata }) => sum + content.length + customMetadata.length,
    64,
  );
  const request: WriteRequest = {
    kind: 'append',
    stream: Buffer.from(stream),
    events: written,
    notAfterMs: Infinity,
    expected: after < 0 ? { kind: 'no-stream' } : { kind: 'revision', revision: after },
  };
  return new Promise((resolve, reject) =>
    to.submit(request, bytes, ({ kind }) => {
      if (kind === 'written') resolve();
      else reject(new Error(`${stream} after ${after}: ${kind}`));
    }),
  );
}

function writtenEvent({ id, type, data, metadata }: EventToAppend): ProposedEvent {
  return {
    id,
    type: Buffer.from(type),
    contentType: CONTENT_TYPE,
    customMetadata: Buffer.from(JSON.stringify(metadata)),
    content: Buffer.from(JSON.stringify(data)),
  };
}
