import { WrongExpectedVersionError } from '@eventstore/db-client';
import { randomUUID } from 'node:crypto';
import type { EventStoreUrl } from '../../schemas/settings/event-store-url.ts';
import { JOB_STREAM_PREFIX } from '../../schemas/events/streams.ts';
import type { SendAppend } from './append.ts';
import { LogUnavailable, StoreUnusable, StreamMovedOn } from '../errors.ts';
import type { Generations } from './generations.ts';
import { within } from './no-answer.ts';
import { readHead } from './read.ts';
import type { ReadLog } from './watched-read.ts';
import { faultOf, type StoreFault } from '../store-faults.ts';

/** A stream that no job can have, because ids of jobs are hashes. The stream never exists. */
const PROBED_STREAM = `${JOB_STREAM_PREFIX}00000000-0000-0000-0000-000000000000`;

interface Probe {
  readonly read: ReadLog;
  /** Runs `offerAppend` over the transport that appends. */
  readonly offer: () => Promise<void>;
  readonly url: EventStoreUrl;
  readonly timeoutMs: number;
}

/**
 * Reads the last event of `$all`, as the projector and the processor must. Then offers an append at a revision that a
 * missing stream cannot have. A server that accepts appends of this user refuses that revision and writes nothing.
 *
 * @throws StoreUnusable
 */
export async function probeStore(probe: Probe): Promise<void> {
  const { read, url, timeoutMs } = probe;
  const faultsOf = async (doing: string, work: Promise<unknown>): Promise<StoreFault | null> => {
    try {
      await within(timeoutMs, work);
      return null;
    } catch (error) {
      return faultOf(error instanceof LogUnavailable ? error.cause : error, url, doing);
    }
  };
  const faults = await Promise.all([
    faultsOf('reading $all', readHead(read)),
    faultsOf(`appending to ${JOB_STREAM_PREFIX}...`, probe.offer()),
  ]);
  const fault = faults.find((each) => each?.final) ?? faults.find((each) => each !== null);
  if (fault) throw new StoreUnusable(fault);
}

/**
 * Offers an append that the server refuses with a wrong revision if this user may append.
 * @throws the error of the transport
 */
export async function offerAppend<Client>(
  generations: Generations<Client>,
  send: SendAppend<Client>,
  timeoutMs: number,
): Promise<void> {
  const generation = await generations.current(timeoutMs, 'appending');
  const events = [{ id: randomUUID(), type: 'Probed', data: {}, metadata: {} }];
  try {
    await send(generation.client, { stream: PROBED_STREAM, events, expected: 0n }, timeoutMs);
  } catch (error) {
    if (error instanceof WrongExpectedVersionError || error instanceof StreamMovedOn) return;
    await generations.doubt(generation, error);
    throw error;
  }
}
