import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { watchDisk } from './disk-guard.ts';

it('warns at DISK_WARN_PERCENT, refuses at DISK_REFUSE_PERCENT, and says once when each begins and ends [D26]', async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push((JSON.parse(chunk.toString()) as { msg: string }).msg);
      done();
    },
  });
  const metrics = createMetrics({ defaults: false });
  let percent = 50;
  let free = 1e12;
  let now = 0;
  const disk = watchDisk({
    settings: { DISK_WARN_PERCENT: 80, DISK_REFUSE_PERCENT: 90 },
    blobs: { usedPercent: () => Promise.resolve(percent), freeBytes: () => Promise.resolve(free) },
    clock: { now: () => now },
    logger: pino(sink),
    metrics,
  });
  const answers: boolean[] = [];
  for (percent of [50, 80, 81, 90, 95, 89.9, 10]) {
    now += 2_000;
    answers.push(await disk.isFull());
  }
  // Half of a small disk is free, but that is less than the reserve.
  for (free of [63 * 2 ** 20, 64 * 2 ** 20]) {
    now += 2_000;
    answers.push(await disk.isFull());
  }
  disk.stop();
  expect(answers).toEqual([false, false, false, true, true, false, false, true, false]);
  expect(lines).toEqual([
    'the blob store is filling up',
    'the blob store is full: uploads are refused',
    'the blob store is filling up',
    'the blob store has room again',
    'the blob store is full: uploads are refused',
    'the blob store has room again',
  ]);
  expect(await metrics.metrics()).toContain('docket_blob_store_used_percent 10');
});
