/** Asks an event store to scavenge, by EventStoreDB's own operation. `@eventstore/db-client` has no call for it. */
import { readEventStoreUrl } from '../schemas/settings/event-store-url.ts';
import { bytesField, forEachField, varintField } from './wire/protobuf.ts';
import { LogUnavailable } from './errors.ts';
import { openLeanConnection } from './lean/lean-connection.ts';
import { faultOf } from './store-faults.ts';

const START_SCAVENGE = '/event_store.client.operations.Operations/StartScavenge';
/** `StartScavengeReq.options`: 1 thread_count, and the embedded store's own field 15, "answer at the end". */
const REQUEST = bytesField(1, Buffer.concat([varintField(1, 1), varintField(15, 1)]));
/** Longest wait for the end of a scavenge, enough for 4 TB at 50 MB a second. */
const SCAVENGE_MS_MAX = 24 * 3_600_000;
const STOPPED = 2;

export interface Scavenged {
  readonly id: string;
  /** `started`: the server continues in the background and reports in its streams `$scavenges...`. */
  readonly outcome: 'done' | 'started' | 'stopped';
  /** Null when the server does not report it. EventStoreDB never reports it. */
  readonly freed: {
    readonly segments: number;
    readonly rewritten: number;
    readonly events: number;
    readonly bytes: number;
  } | null;
}

function readAnswer(answer: Buffer): Scavenged {
  const values = new Map<number, number>();
  let id = '';
  forEachField(answer, 0, answer.length, (field, value, from, to) => {
    if (field === 1) id = answer.toString('utf8', from, to);
    else values.set(field, value);
  });
  const numberOf = (field: number): number => values.get(field) ?? 0;
  const freed = values.has(12)
    ? { segments: numberOf(12), rewritten: numberOf(13), events: numberOf(14), bytes: numberOf(15) }
    : null;
  const outcome = values.get(2) === STOPPED ? 'stopped' : freed === null ? 'started' : 'done';
  return { id, outcome, freed };
}

/**
 * Begins a scavenge on the first server of the connection string, or joins a running scavenge. The embedded event
 * store answers at the end of the run, EventStoreDB at once.
 *
 * @throws LogUnavailable when the server does not answer, refuses this user, or the scavenge failed
 */
export async function requestScavenge(connectionString: string): Promise<Scavenged> {
  const read = readEventStoreUrl(connectionString);
  if ('faults' in read) throw new LogUnavailable('scavenging', { cause: new Error(read.faults.join(' ')) });
  const connection = openLeanConnection(read.url.firstServer, SCAVENGE_MS_MAX);
  try {
    return readAnswer(await connection.call(START_SCAVENGE, REQUEST, SCAVENGE_MS_MAX));
  } catch (error) {
    throw new LogUnavailable('scavenging', { cause: error, fault: faultOf(error, read.url, 'scavenging') });
  } finally {
    connection.close();
  }
}
