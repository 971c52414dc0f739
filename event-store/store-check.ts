import { EventStoreDBClient, WrongExpectedVersionError } from '@eventstore/db-client';
import { randomUUID } from 'node:crypto';
import type { Log } from '../runtime/log/log.ts';
import { readEventStoreUrl } from '../schemas/settings/event-store-url.ts';
import { connectEventLog } from './connect.ts';
import { NEEDS } from './needs-of-docket.ts';
import type { TransportChoice } from './transport.ts';

/** The names of a check's streams begin with this prefix, so that no projection of Docket reads them. */
const CHECK_STREAM_PREFIX = 'docket-check-';

/** The result for one feature that Docket needs of an event store. */
export interface Checked {
  readonly name: string;
  readonly ok: boolean;
  /** The observation of the check. For a failed check, the fault and its remedy. */
  readonly note: string;
  readonly ms: number;
}

/**
 * Checks on a server every feature that Docket needs, in new streams, which it deletes afterwards. After a failed
 * check the other checks still run, except after the first check: without rights every other check fails too.
 *
 * @throws SettingsRefused when the connection string cannot be used
 */
export async function checkStore(options: {
  connectionString: string;
  timeoutMs: number;
  log: Log;
  transport?: TransportChoice;
}): Promise<readonly Checked[]> {
  const log = connectEventLog(options);
  const read = readEventStoreUrl(options.connectionString);
  const client = EventStoreDBClient.connectionString('url' in read ? read.url.forClient : '');
  const streams: string[] = [];
  const newStream = () => {
    streams.push(`${CHECK_STREAM_PREFIX}${randomUUID()}`);
    return streams.at(-1)!;
  };
  const results: Checked[] = [];
  try {
    for (const [name, check] of NEEDS) {
      const result = await run(name, () => check({ log, client, newStream, timeoutMs: options.timeoutMs }));
      results.push(result);
      if (!result.ok && results.length === 1) return results;
    }
    results.push(await run('what the check wrote is deleted', () => cleanUp(client, streams)));
    return results;
  } finally {
    await client.dispose();
    await log.close();
  }
}

async function run(name: string, check: () => Promise<string>): Promise<Checked> {
  const beganMs = performance.now();
  const took = () => Math.round(performance.now() - beganMs);
  try {
    return { name, ok: true, note: await check(), ms: took() };
  } catch (error) {
    return { name, ok: false, note: error instanceof Error ? error.message : String(error), ms: took() };
  }
}

async function cleanUp(client: EventStoreDBClient, streams: readonly string[]): Promise<string> {
  let deleted = 0;
  for (const stream of streams)
    await client.deleteStream(stream).then(
      () => (deleted += 1),
      (error: unknown) => {
        // The stream does not exist when the server refused its only append.
        if (!(error instanceof WrongExpectedVersionError)) throw error;
      },
    );
  return `${deleted} streams, gone with the next scavenge`;
}
