import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LASTING_STREAM_PREFIXES } from '../schemas/events/streams.ts';
import { markAfter } from '../schemas/events/log-mark.ts';
import { allEvents, startStoreWithLog, type StoreWithLog } from '../tests/harness/job-log.ts';
import { chained } from './event-hash.ts';
import { differenceFrom, type Standing } from './log-difference.ts';

let before: StoreWithLog | undefined;
let after: StoreWithLog | undefined;
beforeAll(async () => {
  [before, after] = await Promise.all([startStoreWithLog(), startStoreWithLog()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([before?.stop(), after?.stop()]);
});

describe('a checkpoint compared with a log', () => {
  it('knows another history by its events, though ids and positions are the same', async () => {
    const id = randomUUID();
    const stream = `job-${randomUUID()}`;
    const written = async (store: StoreWithLog, at: string): Promise<Standing> => {
      const metadata = { correlationId: 'c', causationId: 'c', actor: 'a', schemaVersion: 1 };
      const event = { id, type: 'ConversionRequested', data: { at, by: 'upload', priority: 0 }, metadata };
      const { events } = chained([event], { stream, revision: -1n, hash: null });
      await store.log.append(stream, events, 'no_stream');
      const [recorded] = await allEvents(store.log);
      const mark = markAfter(null, recorded!);
      return { checkpoint: mark.position, mark, streamPrefixes: LASTING_STREAM_PREFIXES };
    };
    const standing = await written(before!, '2026-01-01T00:00:00.000Z');
    const other = await written(after!, '2026-01-01T00:00:00.001Z');
    expect(other.checkpoint).toBe(standing.checkpoint);
    expect(await differenceFrom(before!.log, standing)).toBeNull();
    expect(await differenceFrom(after!.log, standing)).toMatchObject({ code: 'LOG_DIFFERS' });
    // A mark from before events were named by their hash is compared by its id.
    const mark = { ...standing.mark!, eventId: id };
    expect(await differenceFrom(after!.log, { ...standing, mark })).toBeNull();
  });
});
