import { cp, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jobDecider } from '../conversion-job/decider.ts';
import { evolve } from '../conversion-job/evolve.ts';
import { hashOfEvent, linksOf } from '../event-store/event-hash.ts';
import { loadStream } from '../event-store/handle-command.ts';
import { jobStream } from '../schemas/events/streams.ts';
import { jobCommands } from './job-stream/job-commands.ts';
import { changesFromStreams } from './job-stream/look-up.ts';
import { snapshotOf } from './work-list/snapshot.ts';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../tests/harness/processor-world.ts';

/** Longer than any step of these tests takes: what ends an attempt here is the other log, and no time limit. */
const PATIENT = {
  GATEWAY_TIMEOUT_MS: '60000',
  WORKER_TIMEOUT_MS: '80000',
  WORKER_LEASE_TTL_SEC: '100',
  JOB_TIMEOUT_SEC: '600',
};

describe('a processor beside an older copy of its log', () => {
  let world: ProcessorWorld;
  beforeEach(async () => {
    world = await startProcessorWorld();
  }, 60_000);
  afterEach(() => world.stop());

  it('converts at the first attempt, though a lost history left a result under the same fencing token', async () => {
    const jobId = await world.upload();
    const left = Buffer.from('<left by="the history that is gone"/>');
    // Both names that an attempt with this token has had: with and without the hash of its start.
    for (const key of [`results/${jobId}/2`, `results/${jobId}/2-0123456789abcdef`])
      await world.blobs.put(key, Readable.from([left]), { maxBytes: 1_000 });
    await world.start();
    const job = await world.until(jobId, ['ready', 'failed'], 60_000);
    expect(job).toMatchObject({ state: 'ready', attempts: 1 });
    expect(await world.history(jobId)).not.toContain('ConversionDeferred IO_ERROR');
    if (job.state !== 'ready') throw new Error('never');
    expect(job.conversion.result.blobKey).toMatch(new RegExp(`^results/${jobId}/2-[0-9a-f]{16}$`));
    expect(await world.resultKeys()).toHaveLength(3);
  }, 90_000);

  it('cuts the attempt that began in the other history: its outcome is nowhere, the job is converted anew, the chain holds', async () => {
    const { eventStore, gateway } = world;
    const jobId = await world.upload();
    await eventStore.kill('SIGKILL');
    const copy = `${eventStore.directory}-copy`;
    await cp(eventStore.directory, copy, { recursive: true });
    await eventStore.restart();
    // The first answer comes while the other processor's attempt, which has the same fencing token, is under way.
    await gateway.script({ byJob: { [jobId]: [{ afterCalls: 2 }, { delayMs: 5_000 }] } });
    // A slow beat: its look at its own leases, which would notice by chance, comes too late.
    const { metrics } = await world.start({
      ...PATIENT,
      PROCESSOR_BEAT_MS: '40000',
      PROCESSOR_SILENT_MS: '120000',
    });
    await eventually(async () => (await gateway.calls()).length === 1, 60_000, 'the first attempt calls');

    await eventStore.kill('SIGKILL');
    await rm(eventStore.directory, { recursive: true });
    await cp(copy, eventStore.directory, { recursive: true });
    await eventStore.restart();
    await world.start(PATIENT);
    const job = await world.until(jobId, ['ready', 'failed'], 60_000);
    await rm(copy, { recursive: true });

    expect(job).toMatchObject({ state: 'ready', attempts: 1 });
    expect(await gateway.calls()).toHaveLength(2);
    expect(await world.history(jobId)).toEqual([
      'DocumentUploaded',
      'ConversionRequested',
      'ConversionStarted',
      'ConversionSucceeded',
    ]);
    let hash: string | null = null;
    for await (const event of world.log.readStream(jobStream(jobId))) {
      expect(linksOf(event)).toEqual({ previousHash: hash, hash: hashOfEvent(event, hash) });
      hash = linksOf(event)?.hash ?? null;
    }
    const attempts = await metrics.metrics();
    expect(attempts).toMatch(/outcome="lease-lost"[^\n]* 1\n/);
  }, 180_000);

  it.each(['offered', 'done', 'held'])(
    'converts a job whose row, %s, was corrected by a look at events that the log has no longer',
    async (place) => {
      const { service } = await world.start();
      await service.stop(500);
      const jobId = await world.upload();
      const at = new Date().toISOString();
      const leaseUntil = new Date(Date.now() + 1_000).toISOString();
      await world.command(jobId, { type: 'StartAttempt', at, workerId: 'gone.abcdef01', leaseUntil });
      const snapshot = place === 'offered' ? await snapshotAfterAbandon(world, jobId) : null;
      // Only the sweeper looks at a row that waits for nothing; it has to find that this one has stood still.
      await world.store.query(
        `insert into processor.work_items (job_id, owner, priority, requested_position, revision, snapshot, place, touched_at)
         values ($1, 'owner', 0, 1, 3, $2, $3, now() - interval '1 hour')`,
        [jobId, snapshot, place],
      );
      await world.start();
      expect(await world.until(jobId, ['ready', 'failed'], 60_000)).toMatchObject({
        state: 'ready',
        attempts: 2,
      });
    },
    120_000,
  );

  it('gives the feeder the row of a job as it was at the checkpoint, though its stream has the outcome', async () => {
    const { service } = await world.start();
    const jobId = await world.upload();
    await world.until(jobId, ['ready']);
    await service.stop(500);
    const positions: bigint[] = [];
    for await (const { position } of world.log.readStream(jobStream(jobId))) positions.push(position);
    const commands = jobCommands(world.log, jobDecider(POLICY), 'test');
    const places = await Promise.all(
      positions.slice(1).map((position) => changesFromStreams(commands, [jobId], position)),
    );
    expect(places.flat().map(({ revision, placement }) => [revision, placement.place])).toEqual([
      [1n, 'offered'],
      [2n, 'running'],
      [3n, 'done'],
    ]);
  }, 60_000);
});

const POLICY = { maxAttempts: 3, backoffMs: 100, backoffMaxMs: 400, jobTimeoutMs: 60_000 };

/** The job as a look found it in the log that is gone, where its lost lease had been given back already. */
async function snapshotAfterAbandon({ log }: ProcessorWorld, jobId: string): Promise<string> {
  const decider = jobDecider(POLICY);
  const { state } = await loadStream(log, decider, jobStream(jobId));
  const at = new Date().toISOString();
  const lost = {
    type: 'AttemptAbandoned',
    data: { at, attempt: 1, fencingToken: '2', cause: 'lease-ended' },
  } as const;
  const job = evolve(state, lost, 3n);
  if (job.state !== 'queued') throw new Error('A lost lease that is given back offers its job again.');
  return snapshotOf({ job, hash: 'ab'.repeat(32) });
}
