import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { createLog } from '../runtime/log/log.ts';
import { jobStream } from '../schemas/events/streams.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { startFaultProxy } from '../tests/harness/fault-proxy.ts';
import { ask, uploadTo } from '../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../tests/rooms/command-api/pdfs.ts';
import { startWriteSideProcess } from '../tests/rooms/command-api/process.ts';
import { partHead, push, speak, uploadHead } from '../tests/rooms/command-api/raw-http.ts';
import { startWriteSide } from '../tests/rooms/command-api/write-side.ts';

let store: TestEventStore;
let log: EventLog;
let directory: string;
beforeAll(async () => {
  store = await startTestEventStore();
  log = connectEventLog({
    connectionString: store.connectionString,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  directory = await mkdtemp(join(tmpdir(), 'docket-crash-'));
});
afterAll(async () => {
  await log.close();
  await store.stop();
  await rm(directory, { recursive: true });
});

const start = (dieAt?: string) =>
  startWriteSideProcess({
    EVENTSTORE_URL: store.connectionString,
    DATA_DIR: directory,
    ...(dieAt ? { DIE_AT: dieAt } : {}),
  });

describe('a write side that is killed', () => {
  it.each(['after-blob', 'after-append'])(
    '%s finds the same job when the client tries again with its key [D10]',
    async (dieAt) => {
      const doomed = await start(dieAt);
      const warm = await ask(`${doomed.url}/api/jobs/retry`, { method: 'POST' });
      const asking = { cookie: warm.cookie, headers: { 'Idempotency-Key': `crash-${dieAt}` } };
      const files = [{ name: 'a.pdf', bytes: somePdf() }];
      await expect(uploadTo(doomed, formOf(files), asking)).rejects.toThrow();
      await doomed.ended;
      const again = await start();
      try {
        const answer = await uploadTo(again, formOf(files), asking);
        expect([answer.status, answer.body.results[0]?.deduplicated]).toEqual([202, false]);
        const replay = await uploadTo(again, formOf(files), asking);
        expect([replay.headers.get('idempotent-replayed'), replay.body]).toEqual(['true', answer.body]);
        const events = [];
        for await (const event of log.readStream(jobStream(answer.body.results[0]!.jobId!)))
          events.push(event);
        expect(events.map(({ type }) => type)).toEqual(['DocumentUploaded', 'ConversionRequested']);
        const { blobKey, bytes } = events[0]!.data as { blobKey: string; bytes: number };
        const blobs = await openFilesystemBlobStore({ directory: join(directory, 'blobs') });
        expect((await blobs.stat(blobKey)).bytes).toBe(bytes);
      } finally {
        await again.stop();
      }
    },
  );

  it('in the middle of an upload leaves a partial file that is swept, and no job [D10]', async () => {
    const doomed = await start();
    const partials = join(directory, 'blobs', '.partial');
    const pdf = somePdf(2_000_000);
    await speak(doomed.port, async (socket) => {
      await push(socket, uploadHead(pdf.length));
      await push(socket, partHead());
      await push(socket, pdf.subarray(0, 1_000_000));
      while ((await readdir(partials)).length === 0) await sleep(10);
      await doomed.kill();
    });
    expect(await readdir(partials)).toHaveLength(1);
    const blobs = await openFilesystemBlobStore({ directory: join(directory, 'blobs') });
    expect(await blobs.sweepPartials(-1_000)).toBe(1);
  });
});

describe('a write side whose log is away', () => {
  it('answers 503 with Retry-After, and the same upload is a job when the log is back', async () => {
    const proxy = await startFaultProxy(store.port);
    const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false`;
    const side = await startWriteSide({ connectionString, env: { EVENTSTORE_TIMEOUT_MS: '500' } });
    try {
      const { cookie } = await uploadTo(side, formOf([{ name: 'first.pdf', bytes: somePdf() }]));
      const files = [{ name: 'a.pdf', bytes: somePdf() }];
      const keyed = { cookie, headers: { 'Idempotency-Key': 'away' } };
      proxy.fault.silent = true;
      const startedAt = performance.now();
      for (const asking of [{ cookie }, keyed]) {
        const away = await uploadTo(side, formOf(files), asking);
        expect([away.status, away.body.error?.code]).toEqual([503, 'UNAVAILABLE']);
        expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      proxy.fault.silent = false;
      proxy.cut();
      let back = await uploadTo(side, formOf(files), keyed);
      for (let tries = 0; tries < 20 && back.status === 503; tries += 1) {
        await sleep(200);
        back = await uploadTo(side, formOf(files), keyed);
      }
      expect([200, 202]).toContain(back.status);
      const types = [];
      for await (const event of log.readStream(jobStream(back.body.results[0]!.jobId!)))
        types.push(event.type);
      expect(types).toEqual(['DocumentUploaded', 'ConversionRequested']);
    } finally {
      await side.stop();
      await proxy.stop();
    }
  });

  it('answers 503 to a command as well, and to every job of a batch as one', async () => {
    const proxy = await startFaultProxy(store.port);
    const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false`;
    const side = await startWriteSide({ connectionString, env: { EVENTSTORE_TIMEOUT_MS: '300' } });
    try {
      const { cookie, body } = await uploadTo(side, formOf([{ name: 'a.pdf', bytes: somePdf() }]));
      const jobId = body.results[0]!.jobId!;
      proxy.fault.silent = true;
      const one = await ask(`${side.url}/api/jobs/${jobId}`, { method: 'DELETE' }, { cookie });
      const json = { cookie, headers: { 'Content-Type': 'application/json' } };
      const batch = { method: 'POST', body: JSON.stringify({ jobIds: [jobId] }) };
      const many = await ask(`${side.url}/api/jobs/cancel`, batch, json);
      for (const answer of [one, many])
        expect([answer.status, answer.body.error?.code]).toEqual([503, 'UNAVAILABLE']);
    } finally {
      await side.stop();
      await proxy.stop();
    }
  });
});
