import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobDecider } from '../../conversion-job/decider.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand } from '../../event-store/handle-command.ts';
import { startFaultProxy } from '../../tests/harness/fault-proxy.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import type { StorageQuota } from '../../schemas/errors/error-codes.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { IDEMPOTENCY_STREAM_PREFIX, jobStream } from '../../schemas/events/streams.ts';
import { uploadTo, type Answered } from '../../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../../tests/rooms/command-api/pdfs.ts';
import { startWriteSide, type RunningWriteSide } from '../../tests/rooms/command-api/write-side.ts';

const MIB = 1024 * 1024;
const decider = jobDecider({ maxAttempts: 3, backoffMs: 1, backoffMaxMs: 1, jobTimeoutMs: 60_000 });

let store: TestEventStore;
beforeAll(async () => {
  store = await startTestEventStore();
});
afterAll(() => store.stop());

const limited = async (
  use: (to: RunningWriteSide) => Promise<void>,
  more: Partial<Parameters<typeof startWriteSide>[0]> = {},
): Promise<void> => {
  const { connectionString } = store;
  const to = await startWriteSide({ connectionString, env: { OWNER_STORAGE_MB: '3' }, ...more });
  try {
    await use(to);
  } finally {
    await to.stop();
  }
};

/** Uploads one file once the storage is counted. */
async function upload(
  to: RunningWriteSide,
  bytes: Buffer,
  asking: { cookie?: string; headers?: Record<string, string>; mapping?: string } = {},
): Promise<Answered> {
  const fields = asking.mapping === undefined ? {} : { mapping: asking.mapping };
  for (;;) {
    const answer = await uploadTo(to, formOf([{ name: 'a.pdf', bytes }], fields), asking);
    if (answer.status !== 503) return answer;
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await sleep(20);
  }
}

/** The stored bytes of the owner, read from the refusal of a file that can never fit. */
async function usedBy(to: RunningWriteSide, cookie: string): Promise<number> {
  const { status, body } = await upload(to, somePdf(4 * MIB), { cookie });
  expect(status).toBe(507);
  return (body.error as unknown as { quota: StorageQuota }).quota.usedBytes;
}

/** Waits until the change in the log has been counted. Only the test's own time limit ends the wait. */
async function untilUsed(to: RunningWriteSide, cookie: string, bytes: number): Promise<void> {
  while ((await usedBy(to, cookie)) !== bytes) await sleep(20);
}

async function command(log: EventLog, jobId: string, asked: JobCommand): Promise<bigint> {
  const context = { commandId: randomUUID(), correlationId: 'test', actor: 'test' };
  const handled = await handleCommand(log, decider, jobStream(jobId), asked, context);
  expect(handled.outcome).toBe('accepted');
  return handled.outcome === 'accepted' ? handled.revision : -1n;
}

const now = (): string => new Date().toISOString();

/** Converts a job into a result of a given size. */
async function convert(log: EventLog, jobId: string, bytes: number): Promise<string> {
  const leaseUntil = new Date(Date.now() + 60_000).toISOString();
  const token = await command(log, jobId, { type: 'StartAttempt', at: now(), workerId: 'w', leaseUntil });
  const blobKey = `results/${jobId}-${token.toString()}.xml`;
  await command(log, jobId, {
    type: 'CompleteAttempt',
    at: now(),
    fencingToken: token.toString(),
    pages: 1,
    gatewayMs: 1,
    result: { blobKey, sha256: 'a'.repeat(64), bytes, mediaType: 'application/xml' },
    warnings: [],
  });
  return blobKey;
}

async function blobsOf(to: RunningWriteSide): Promise<number> {
  let count = 0;
  for await (const _listed of to.blobs.list('')) count += 1;
  return count;
}

describe('OWNER_STORAGE_MB', () => {
  it('refuses a file that has no room with 507, says used and allowed, and keeps nothing of it', async () => {
    await limited(async (to) => {
      const { cookie } = await upload(to, somePdf(2 * MIB));
      const { status, body } = await upload(to, somePdf(1.5 * MIB), { cookie });
      expect(status).toBe(507);
      const said = {
        code: 'QUOTA_EXCEEDED',
        message:
          'Your files take 2 MB of the 3 MB that you may use, so this one of 1.5 MB does not fit; space becomes free when files expire.',
        quota: { usedBytes: 2 * MIB, allowedBytes: 3 * MIB },
      };
      expect(body.error).toMatchObject(said);
      expect(body.results).toEqual([{ filename: 'a.pdf', error: said }]);
      expect(await blobsOf(to)).toBe(1);
      // A file that fits is accepted, and another owner has a limit of its own.
      expect((await upload(to, somePdf(MIB), { cookie })).status).toBe(202);
      expect((await upload(to, somePdf(2 * MIB))).status).toBe(202);
    });
  });

  it('counts a document that is a job already once, and takes it also when the room is used', async () => {
    await limited(async (to) => {
      const pdf = somePdf(3 * MIB);
      const { cookie } = await upload(to, pdf);
      expect((await upload(to, pdf, { cookie })).status).toBe(200);
      // Under another mapping, the file is another job with its own PDF.
      expect((await upload(to, pdf, { cookie, mapping: 'other_v1' })).status).toBe(507);
    });
  });

  it('lets no more in when many files come at once than when they come one after the other', async () => {
    await limited(async (to) => {
      const { cookie } = await upload(to, somePdf(MIB));
      const many = Array.from({ length: 12 }, () => upload(to, somePdf(0.5 * MIB), { cookie }));
      const form = formOf(Array.from({ length: 6 }, () => ({ name: 'a.pdf', bytes: somePdf(0.5 * MIB) })));
      const [together, ...alone] = await Promise.all([uploadTo(to, form, { cookie }), ...many]);
      const taken =
        together.body.results.filter((result) => result.jobId !== undefined).length +
        alone.filter(({ status }) => status === 202).length;
      expect(taken).toBe(4);
    });
  });

  it('counts results, and gives room back when a result and a PDF expire', async () => {
    await limited(async (to) => {
      const pdf = somePdf(MIB);
      const { cookie, body } = await upload(to, pdf);
      const jobId = body.results[0]!.jobId!;
      await convert(to.log, jobId, 2 * MIB);
      await untilUsed(to, cookie, 3 * MIB);
      expect((await upload(to, somePdf(), { cookie })).status).toBe(507);
      await command(to.log, jobId, { type: 'ExpireResult', at: now(), cause: 'age' });
      await untilUsed(to, cookie, MIB);
      await command(to.log, jobId, { type: 'ExpireSource', at: now(), cause: 'age' });
      await untilUsed(to, cookie, 0);
      expect((await upload(to, pdf, { cookie })).status).toBe(202);
      expect(await usedBy(to, cookie)).toBe(MIB);
    });
  });

  it('is counted from the log by the next process before it takes the first upload', async () => {
    let cookie = '';
    await limited(async (to) => {
      cookie = (await upload(to, somePdf(2 * MIB))).cookie;
    });
    await limited(async (to) => expect(await usedBy(to, cookie)).toBe(2 * MIB));
  });

  it('leaves nothing in the log of a request with a key that finds no room', async () => {
    await limited(async (to) => {
      const keysInLog = async (): Promise<number> => {
        let count = 0;
        for await (const _event of to.log.readAll('start', { streamPrefixes: [IDEMPOTENCY_STREAM_PREFIX] }))
          count += 1;
        return count;
      };
      const { cookie } = await upload(to, somePdf(2 * MIB));
      const headers = { 'Idempotency-Key': randomUUID() };
      const before = await keysInLog();
      expect((await upload(to, somePdf(2 * MIB), { cookie, headers })).status).toBe(507);
      expect(await keysInLog()).toBe(before);
      // The refusal did not use the key, so the file that fits can use it once.
      const small = somePdf();
      expect((await upload(to, small, { cookie, headers })).status).toBe(202);
      expect((await upload(to, small, { cookie, headers })).headers.get('idempotent-replayed')).toBe('true');
    });
  });

  it('is counted anew when the address leads to another log', async () => {
    const other = await startTestEventStore();
    const proxy = await startFaultProxy(store.port);
    const connectionString = `esdb://127.0.0.1:${proxy.port}?tls=false`;
    try {
      await limited(
        async (to) => {
          const { cookie } = await upload(to, somePdf(2 * MIB));
          expect(await usedBy(to, cookie)).toBe(2 * MIB);
          proxy.leadTo(other.port);
          proxy.cut();
          await untilUsed(to, cookie, 0);
          expect((await upload(to, somePdf(3 * MIB), { cookie })).status).toBe(202);
        },
        { connectionString },
      );
    } finally {
      await proxy.stop();
      await other.stop();
    }
  });
});
