import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log/log.ts';
import { REJECTED_UPLOADS_STREAM } from '../schemas/events/streams.ts';
import { UploadsRejected } from '../schemas/events/service-events.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { recordRejectedUploads } from './rejected-uploads.ts';

let store: TestEventStore;
let log: EventLog;
const logger = createLog('test', 'silent');

beforeAll(async () => {
  store = await startTestEventStore();
  log = connectEventLog({ connectionString: store.connectionString, timeoutMs: 5_000, log: logger });
});
afterAll(async () => {
  await log.close();
  await store.stop();
});

describe('refused uploads', () => {
  it('become one event for a whole flood, with counts and a few examples', async () => {
    const rejections = recordRejectedUploads({ log, logger, clock: systemClock, onDropped: () => undefined });
    const refuse = (n: number): void =>
      rejections.record(
        {
          at: new Date().toISOString(),
          owner: 'o'.repeat(22),
          code: n % 4 === 0 ? 'TOO_LARGE' : 'NOT_PDF',
          filename: `${'long name '.repeat(19)}${n}`,
          bytes: 5,
          reason: 'This file is not a PDF.',
        },
        'request',
      );
    refuse(1);
    for (let tries = 0; tries < 500 && (await log.readLast(REJECTED_UPLOADS_STREAM)) === null; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    for (let n = 0; n < 5_000; n += 1) refuse(n);
    await rejections.stop(10_000);

    const events = [];
    for await (const recorded of log.readStream(REJECTED_UPLOADS_STREAM))
      events.push(UploadsRejected.parse(recorded.data));
    expect(events.map(({ counts }) => counts)).toEqual([
      [{ code: 'NOT_PDF', count: 1 }],
      [
        { code: 'TOO_LARGE', count: 1_250 },
        { code: 'NOT_PDF', count: 3_750 },
      ],
    ]);
    expect(events[1]?.examples).toHaveLength(5);
  });
});
