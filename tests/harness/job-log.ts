import { connectEventLog } from '../../event-store/connect.ts';
import { chained } from '../../event-store/event-hash.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { sealed } from '../../event-store/handle-command.ts';
import { createLog } from '../../runtime/log/log.ts';
import { commandIdOf, jobIdOf } from '../../schemas/name-based-ids.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { startTestEventStore, type TestEventStore } from './event-store.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const MAPPING = { id: 'pt_simon_invoice_v1', version: 1 };

/** A real event store, with a client. */
export interface StoreWithLog {
  readonly store: TestEventStore;
  readonly log: EventLog;
  stop(): Promise<void>;
}

export async function startStoreWithLog(): Promise<StoreWithLog> {
  const store = await startTestEventStore();
  const log = connectEventLog({
    connectionString: store.connectionString,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  const stop = async (): Promise<void> => {
    await log.close();
    await store.stop();
  };
  return { store, log, stop };
}

/** Returns the events of one job by `number`: a job that became ready, or a job that failed after a second attempt. */
export function jobHistory(number: number, ends: 'ready' | 'failed' = 'ready', fromMs = 1_790_000_000_000) {
  const at = (seconds: number): string => new Date(fromMs + number * 1_000 + seconds * 1_000).toISOString();
  const owner = `owner-${number % 7}`;
  const sha256 = sha256Of(`pdf ${number}`);
  const jobId = jobIdOf(owner, MAPPING, sha256);
  const started = (attempt: number, seconds: number): JobEvent => ({
    type: 'ConversionStarted',
    data: { at: at(seconds), attempt, workerId: 'p1.abcdef01', leaseUntil: at(seconds + 90) },
  });
  const failure = { code: 'GW_5XX', reason: null, message: 'The gateway answered 500.' } as const;
  const outcome: JobEvent[] =
    ends === 'ready'
      ? [
          {
            type: 'ConversionSucceeded',
            data: {
              at: at(3),
              attempt: 1,
              fencingToken: '2',
              pages: 1,
              gatewayMs: 900,
              warnings: [],
              result: { blobKey: `results/${jobId}/2`, sha256, bytes: 10, mediaType: 'application/xml' },
            },
          },
        ]
      : [
          {
            type: 'ConversionDeferred',
            data: { at: at(3), attempt: 1, fencingToken: '2', ...failure, notBefore: at(8) },
          },
          started(2, 9),
          { type: 'ConversionFailed', data: { at: at(10), attempts: 2, fencingToken: '4', ...failure } },
        ];
  const events: JobEvent[] = [
    {
      type: 'DocumentUploaded',
      data: {
        at: at(0),
        jobId,
        owner,
        filename: `fatura ${number}.pdf`,
        bytes: 1_000 + number,
        sha256,
        blobKey: `sources/${jobId}.pdf`,
        mapping: MAPPING,
      },
    },
    { type: 'ConversionRequested', data: { at: at(0), by: 'upload', priority: 0 } },
    started(1, 1),
    ...outcome,
  ];
  return { jobId, owner, events };
}

/** Appends a job's chained events: the first two together, then the others one by one. */
export async function appendJob(
  log: EventLog,
  number: number,
  ends: 'ready' | 'failed' = 'ready',
): Promise<string> {
  const { jobId, owner, events } = jobHistory(number, ends);
  const stream = jobStream(jobId);
  let end = { stream, revision: -1n, hash: null as string | null };
  for (const some of [events.slice(0, 2), ...events.slice(2).map((event) => [event])]) {
    const commandId = commandIdOf('history', jobId, ends, String(end.revision));
    const context = { commandId, correlationId: commandId, actor: `owner:${owner}` };
    const links = chained(sealed(some, context), end);
    await log.append(stream, links.events, end.revision < 0n ? 'no_stream' : end.revision);
    end = links.end;
  }
  return jobId;
}

/** Returns all events of the log except the store's own. */
export async function allEvents(log: EventLog): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll('start', { streamPrefixes: [''] }))
    if (!event.stream.startsWith('$')) events.push(event);
  return events;
}
