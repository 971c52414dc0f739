import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pLimit from 'p-limit';
import { newSourceKey, resultKeyOf } from '../../blob-store/blob-key.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { jobDecider } from '../../conversion-job/decider.ts';
import { isActive } from '../../schemas/job-states.ts';
import { createLog } from '../../runtime/log/log.ts';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../../tests/harness/processor-world.ts';
import { postgresWorkList } from '../work-list/postgres-work-list.ts';
import { runCleanup, type CleanupParts } from './cleanup.ts';
import { tallyCleanup, type RemovedFile } from './cleanup-report.ts';
import { keepingDecider, refersTo, type KeepingPolicy } from './kept-job.ts';
import { ORPHAN_AGE_MS } from './orphans.ts';
import { retentionLease } from './retention-lease.ts';
import { runScan, type ScanName } from './scans.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const jobs = jobDecider({ maxAttempts: 3, backoffMs: 100, backoffMaxMs: 400, jobTimeoutMs: 60_000 });
const week: KeepingPolicy = {
  sourceTtlMs: 7 * DAY_MS,
  resultTtlMs: 30 * DAY_MS,
  deleteResultOnDownload: false,
};
const atOnce: KeepingPolicy = { ...week, sourceTtlMs: 0, resultTtlMs: 0 };

let world: ProcessorWorld;
let removed: RemovedFile[];
beforeAll(async () => {
  world = await startProcessorWorld();
  await world.start();
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => {
  removed = [];
});

/** Marks in memory, as a processor keeps them in Postgres. */
function marksInMemory() {
  const marks = new Map<ScanName, bigint>();
  return {
    marks,
    markOf: (scan: ScanName) => marks.get(scan) ?? ('start' as const),
    keep: async (scan: ScanName, position: bigint | null) => {
      if (position !== null) marks.set(scan, position);
    },
  };
}

function partsOf(policy: KeepingPolicy, days = 0, more: Partial<CleanupParts> = {}): CleanupParts {
  return {
    log: world.log,
    blobs: world.blobs,
    policy,
    decider: keepingDecider(jobs, policy),
    clock: { now: () => Date.now() + days * DAY_MS },
    logger: createLog('test', 'silent'),
    tally: tallyCleanup((file) => removed.push(file), { dryRun: more.dryRun ?? false }),
    actor: 'test',
    dryRun: false,
    orphanAgeMs: ORPHAN_AGE_MS,
    marks: marksInMemory(),
    pause: async () => undefined,
    ...more,
  };
}

const isThere = async (key: string): Promise<boolean> =>
  world.blobs.stat(key).then(
    () => true,
    () => false,
  );

async function readyJob() {
  const job = await world.until(await world.upload(), ['ready']);
  if (job.state !== 'ready') throw new Error(`the job is ${job.state}`);
  return { jobId: job.jobId, source: job.sourceBlobKey!, result: job.conversion.result.blobKey };
}

/** A blob of the given age that nothing in the log names. */
async function strayBlob(key: string, ageMs: number): Promise<string> {
  await world.blobs.put(key, Readable.from([Buffer.from('stray')]), { maxBytes: 10 });
  const at = new Date(Date.now() - ageMs);
  await utimes(join(world.blobDir, key), at, at);
  return key;
}

describe('retention', () => {
  it('removes PDF and result each when its time is over: the event first, the file after [I7]', async () => {
    const { jobId, source, result } = await readyJob();
    await runCleanup(partsOf(week, 6.9));
    expect([await isThere(source), await isThere(result)]).toEqual([true, true]);
    await runCleanup(partsOf(week, 7.1));
    expect([await isThere(source), await isThere(result)]).toEqual([false, true]);
    const report = await runCleanup(partsOf(week, 30.1));
    expect([await isThere(source), await isThere(result)]).toEqual([false, false]);
    expect((await world.history(jobId)).slice(-2)).toEqual(['SourceExpired age', 'ResultExpired age']);
    expect(report.expired.result).toBeGreaterThan(0);
    expect((await world.job(jobId)).state).toBe('expired');
  });

  it('a dry run says what it would do and does nothing', async () => {
    const { jobId, source, result } = await readyJob();
    const before = await world.history(jobId);
    const report = await runCleanup(partsOf(week, 31, { dryRun: true }));
    const own = removed.filter((file) => file.jobId === jobId);
    expect(own.map(({ kind, why }) => `${kind} ${why}`).sort()).toEqual(['result age', 'source age']);
    expect(report.partials).toBeNull();
    expect(await world.history(jobId)).toEqual(before);
    expect([await isThere(source), await isThere(result)]).toEqual([true, true]);
  });

  it('a run that dies between the event and the deletion is finished by the next one', async () => {
    const { jobId, source, result } = await readyJob();
    const marks = marksInMemory();
    const dying: BlobStore = {
      ...world.blobs,
      remove: (key) => (key === result ? Promise.reject(new Error('killed')) : world.blobs.remove(key)),
    };
    await expect(runCleanup(partsOf(week, 31, { blobs: dying, marks }))).rejects.toThrow('killed');
    expect((await world.job(jobId)).state).toBe('expired');
    expect(await isThere(result)).toBe(true);
    await runCleanup(partsOf(week, 31, { marks }));
    expect([await isThere(source), await isThere(result)]).toEqual([false, false]);
    expect((await world.history(jobId)).filter((type) => type.startsWith('ResultExpired'))).toHaveLength(1);
  });

  it('goes on from its marks, and never past a file that has to stay', async () => {
    const marks = marksInMemory();
    await runCleanup(partsOf(week, 31, { marks }));
    const settled = new Map(marks.marks);
    await world.gateway.script({ otherwise: { delayMs: 900 } });
    const busyId = await world.upload();
    await world.until(busyId, ['converting']);
    const report = await runCleanup(partsOf(week, 31, { marks }));
    expect(report.stillNeeded).toBe(1);
    expect((await world.job(busyId)).state).toBe('converting');
    expect(marks.marks.get('uploads')).toBe(settled.get('uploads'));
    await world.gateway.script({});
    const done = await world.until(busyId, ['ready']);
    await runCleanup(partsOf(week, 31, { marks }));
    expect(done.state === 'ready' && (await isThere(done.sourceBlobKey!))).toBe(false);
    expect(marks.marks.get('uploads')! > settled.get('uploads')!).toBe(true);
  });

  it('a mark beyond the end of the log is not believed [D21]', async () => {
    const { result } = await readyJob();
    const marks = marksInMemory();
    marks.marks.set('results', 1n << 60n);
    await runScan(partsOf(week, 31, { marks }), 'results');
    expect(await isThere(result)).toBe(false);
  });

  it('a result goes after its first complete download, within seconds, where that is asked for', async () => {
    const settings = { DELETE_XML_ON_FIRST_DOWNLOAD: 'true' };
    const { jobId, result } = await readyJob();
    const other = await readyJob();
    await world.store.query('update processor.retention set holder = null');
    const { service, metrics } = await world.start(settings);
    await world.command(jobId, { type: 'RecordDownload', at: new Date().toISOString(), bytes: 1 });
    await eventually(async () => !(await isThere(result)), 15_000, 'the result is gone');
    expect((await world.history(jobId)).at(-1)).toBe('ResultExpired first-download');
    expect(await isThere(other.result)).toBe(true);
    // Counted when the run is over, which is after the file has gone.
    const counted = /docket_retention_files_total\{kind="result",why="first-download"\} 1/;
    await eventually(async () => counted.test(await metrics.metrics()), 5_000, 'the removal is counted');
    expect(await metrics.metrics()).toMatch(counted);
    await service.stop(500);
  }, 30_000);

  it('a download that has begun completes although the file is removed under it [D36]', async () => {
    const { result } = await readyJob();
    const opened = await world.blobs.open(result);
    await runCleanup(partsOf(atOnce));
    expect(await isThere(result)).toBe(false);
    expect((await buffer(opened.stream)).length).toBe(opened.bytes);
  });

  it('sweeps what no job refers to, and nothing that is younger than an hour', async () => {
    const { jobId, source, result } = await readyJob();
    const hour = 60 * 60 * 1000;
    for (const key of [source, result]) {
      const old = new Date(Date.now() - 5 * hour);
      await utimes(join(world.blobDir, key), old, old);
    }
    const old = [
      await strayBlob(newSourceKey(), 2 * hour),
      await strayBlob(resultKeyOf(jobId, '999', null), 2 * hour),
    ];
    const young = [
      await strayBlob(newSourceKey(), 0.9 * hour),
      await strayBlob(resultKeyOf(jobId, '998', null), 0.9 * hour),
    ];
    const report = await runCleanup(partsOf(week));
    expect(report.orphans).toBe(2);
    for (const key of old) expect(await isThere(key)).toBe(false);
    for (const key of [...young, source, result]) expect(await isThere(key)).toBe(true);
  });

  it('the right to run is one row with an epoch, and who lost it can note nothing [I10]', async () => {
    const lease = retentionLease(world.store, 60_000);
    const list = postgresWorkList(world.store);
    for (const id of ['a', 'b']) await list.enlist(id, `${id}.00000000`);
    await world.store.query('update processor.retention set holder = null');
    const first = await lease.hold('a.00000000');
    expect(await lease.hold('b.00000000')).toBeNull();
    await lease.keep(first!.epoch, 'uploads', 5n);
    await world.store.query(`update processor.retention set held_until = now() - interval '1 s'`);
    const second = await lease.hold('b.00000000');
    expect(second!.epoch).toBeGreaterThan(first!.epoch);
    expect(second!.marks.get('uploads')).toBe(5n);
    await expect(lease.keep(first!.epoch, 'uploads', 9n)).rejects.toMatchObject({ code: 'RETENTION_LOST' });
    await lease.ran(second!.epoch);
    expect((await lease.hold('b.00000000'))!.isDue).toBe(false);
    // Silent for longer than 0 ms, as one that was killed comes to be after PROCESSOR_SILENT_MS (D13).
    const third = await retentionLease(world.store, 0).hold('a.00000000');
    expect(third!.epoch).toBe(second!.epoch + 1n);
    await lease.drop('a.00000000');
  });

  it('racing uploads, conversions, retries and downloads, never removes a file that its job needs [D36][I7]', async () => {
    await world.gateway.script({ otherwise: {} });
    const jobOf = new Map<string, string>();
    const torn: string[] = [];
    const watched: BlobStore = {
      ...world.blobs,
      remove: async (key) => {
        const jobId = jobOf.get(key) ?? key.split('/')[1]!;
        if (refersTo(await world.job(jobId), key)) torn.push(key);
        await world.blobs.remove(key);
      },
    };
    let isOver = false;
    let runs = 0;
    const marks = marksInMemory();
    await runCleanup(partsOf(atOnce, 0, { marks }));
    const limit = pLimit(10);
    const cleaning = [1, 2].map(async () => {
      for (; !isOver; runs += 1) await runCleanup(partsOf(atOnce, 0, { blobs: watched, marks }));
    });
    const live = async (index: number) => {
      const jobId = await world.upload(`owner-${index % 5}`);
      const uploaded = await world.job(jobId);
      if (uploaded.state !== 'absent' && uploaded.sourceBlobKey !== null)
        jobOf.set(uploaded.sourceBlobKey, jobId);
      const at = new Date().toISOString();
      if (index % 3 === 0)
        await world.command(jobId, { type: 'CancelConversion', at, by: 'owner' }).catch(ignored);
      const ended = await world.until(jobId, ['ready', 'failed', 'cancelled', 'expired'], 40_000);
      if (ended.state === 'cancelled')
        await world.command(jobId, { type: 'RetryConversion', at, priority: 0 }).catch(ignored);
      if (ended.state === 'ready') {
        const { blobKey, bytes } = ended.conversion.result;
        const opened = await world.blobs.open(blobKey).catch(ignored);
        if (opened) expect((await buffer(opened.stream)).length).toBe(bytes);
      }
      return world.until(jobId, ['failed', 'cancelled', 'expired', 'ready'], 40_000);
    };
    const endings = await Promise.all(Array.from({ length: 50 }, (_, index) => limit(() => live(index))));
    isOver = true;
    await Promise.all(cleaning);
    expect(torn).toEqual([]);
    expect(endings.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(runs).toBeGreaterThan(2);
    await runCleanup(partsOf(atOnce, 0, { marks }));
    for (const { jobId } of endings as { jobId: string }[]) {
      const job = await world.job(jobId);
      if (job.state === 'absent' || isActive(job.state)) throw new Error(`the job is ${job.state}`);
      expect(job.sourceBlobKey).toBeNull();
    }
  }, 120_000);
});

/** Refused because the job has moved on: part of the race. */
function ignored(): null {
  return null;
}
