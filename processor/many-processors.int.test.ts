import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectEventLog } from '../event-store/connect.ts';
import { createLog } from '../runtime/log/log.ts';
import { startFaultProxy } from '../tests/harness/fault-proxy.ts';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../tests/harness/processor-world.ts';

/** For claims that no wait is part of: on a slow machine nothing may be taken for lost that is only late. */
const PATIENT = {
  PROCESSOR_SILENT_MS: '20000',
  WORKER_LEASE_TTL_SEC: '50',
  GATEWAY_TIMEOUT_MS: '10000',
  WORKER_TIMEOUT_MS: '20000',
};

describe('several processors', () => {
  let world: ProcessorWorld;
  beforeEach(async () => {
    world = await startProcessorWorld();
  });
  const afterwards: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await world.stop();
    await Promise.all(afterwards.splice(0).map((end) => end()));
  });

  it('never convert a job twice: each of sixty has one start, one gateway call, one result [I2][I3]', async () => {
    await Promise.all([world.start(PATIENT), world.start(PATIENT), world.start(PATIENT)]);
    await world.gateway.script({ otherwise: { delayMs: 20 } });
    const jobIds: string[] = [];
    for (let index = 0; index < 60; index += 1) jobIds.push(await world.upload(`owner-${index % 7}`));
    for (const jobId of jobIds) await world.until(jobId, ['ready', 'failed'], 25_000);
    const calls = await world.gateway.calls();
    expect(calls.map((call) => call.jobId).toSorted()).toEqual(jobIds.toSorted());
    for (const jobId of jobIds)
      expect(await world.history(jobId)).toEqual([
        'DocumentUploaded',
        'ConversionRequested',
        'ConversionStarted',
        'ConversionSucceeded',
      ]);

    expect(await world.resultKeys()).toHaveLength(60);
  });

  it('take over the job of one that was killed in mid-conversion [R04.01]', async () => {
    const victim = await world.spawn('victim');
    await world.gateway.script({ queue: [{ instead: 'hang' }] });
    const jobId = await world.upload();
    await eventually(async () => (await world.gateway.calls()).length === 1, 10_000, 'the gateway is asked');
    victim.kill('SIGKILL');
    await world.start();
    const job = await world.until(jobId, ['ready', 'failed'], 20_000);
    expect(job).toMatchObject({ state: 'ready', attempts: 2 });
    expect(await world.history(jobId)).toEqual([
      'DocumentUploaded',
      'ConversionRequested',
      'ConversionStarted',
      expect.stringMatching(/^AttemptAbandoned (processor-silent|lease-ended)$/),
      'ConversionStarted',
      'ConversionSucceeded',
    ]);
    expect(await world.resultKeys()).toHaveLength(1);
  });

  it('fail a document that kills its worker each time, and none of those beside it [D31]', async () => {
    await world.gateway.script({ otherwise: { delayMs: 400 } });
    const beside = [await world.upload('a'), await world.upload('b'), await world.upload('c')];
    const poison = await world.upload('d');
    const deadly = { ...PATIENT, CRASH_AT: 'before-gateway', CRASH_JOB: poison, WORKER_CONCURRENCY: '4' };
    const isFailed = async (): Promise<boolean> => (await world.job(poison)).state === 'failed';
    for (let life = 0; life < 4; life += 1) {
      // It may die before it has said that it is ready.
      const worker = await world.spawn('dying', deadly).catch(() => null);
      const isGone = (): boolean => worker === null || worker.signalCode !== null;
      await eventually(async () => isGone() || isFailed(), 20_000, 'it dies, or the document has failed');
    }
    expect(await world.until(poison, ['failed'])).toMatchObject({ failure: { code: 'ABANDONED' } });
    for (const jobId of beside)
      expect(await world.until(jobId, ['ready', 'failed'])).toMatchObject({ state: 'ready' });
  }, 60_000);

  it("a restarted processor gives its earlier life's leases back at once, before any silence or lease ends", async () => {
    const slow = { PROCESSOR_SILENT_MS: '20000', WORKER_LEASE_TTL_SEC: '50' };
    const victim = await world.spawn('same', slow);
    await world.gateway.script({ queue: [{ instead: 'hang' }] });
    const jobId = await world.upload();
    await eventually(async () => (await world.gateway.calls()).length === 1, 10_000, 'the gateway is asked');
    victim.kill('SIGKILL');
    await world.start(slow, { processorId: 'same' });
    const job = await world.until(jobId, ['ready', 'failed'], 12_000);
    expect(job).toMatchObject({ state: 'ready', attempts: 2 });
  });

  it('a lost lease changes nothing: the late outcome is refused and its blob is gone [D24][I4]', async () => {
    await world.start();
    await world.gateway.script({ otherwise: { delayMs: 600 } });
    const jobId = await world.upload();
    const job = await world.until(jobId, ['converting']);
    if (job.state !== 'converting') throw new Error('not converting');
    const at = new Date().toISOString();
    await world.command(jobId, { type: 'CancelConversion', at, by: 'owner' });
    await eventually(async () => (await world.gateway.calls()).length === 1, 5_000, 'the gateway was asked');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await world.history(jobId)).toEqual([
      'DocumentUploaded',
      'ConversionRequested',
      'ConversionStarted',
      'ConversionCancelled',
    ]);
    expect(await world.resultKeys()).toEqual([]);
  });

  it('one that the event store does not answer gives up the right to feed, and another takes its job [D24][I1]', async () => {
    const proxy = await startFaultProxy(world.eventStore.port);
    const log = connectEventLog({
      connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`,
      timeoutMs: 1_000,
      log: createLog('test', 'silent'),
    });
    afterwards.push(
      () => log.close(),
      () => proxy.stop(),
    );
    await world.start({}, { log, processorId: 'cut-off' });
    await world.gateway.script({ queue: [{ delayMs: 900 }] });
    const jobId = await world.upload();
    await eventually(async () => (await world.gateway.calls()).length === 1, 10_000, 'the gateway is asked');
    proxy.fault.silent = true;
    await world.start({}, { processorId: 'other' });
    expect(await world.until(jobId, ['ready', 'failed'], 40_000)).toMatchObject({
      state: 'ready',
      attempts: 2,
    });
    expect((await world.history(jobId)).filter((type) => type === 'ConversionSucceeded')).toHaveLength(1);
    proxy.fault.silent = false;
    proxy.cut();
  }, 90_000);

  it('one that stops gives back what does not finish in its grace, uncharged, and another takes it [R04.04]', async () => {
    const first = await world.start({ GATEWAY_TIMEOUT_MS: '2000', WORKER_TIMEOUT_MS: '3000' });
    await world.gateway.script({ queue: [{ instead: 'hang' }] });
    const jobId = await world.upload();
    await eventually(async () => (await world.gateway.calls()).length === 1, 10_000, 'the gateway is asked');
    await first.service.stop(800);
    expect((await world.history(jobId)).at(-1)).toBe('AttemptAbandoned shutdown');
    await world.start();
    const job = await world.until(jobId, ['ready', 'failed']);
    expect(job).toMatchObject({ state: 'ready', attempts: 2, chargedAttempts: 1 });
  });

  it('a job that kills its worker three times fails as ABANDONED and the others go on [D31]', async () => {
    const jobId = await world.upload();
    for (let life = 1; life <= 3; life += 1) {
      const victim = await world.spawn('poisoned', { CRASH_AT: 'before-gateway' }).catch(() => null);
      if (victim !== null && victim.exitCode === null && victim.signalCode === null)
        await new Promise((resolve) => victim.once('exit', resolve));
    }
    await world.start({}, { processorId: 'poisoned' });
    const job = await world.until(jobId, ['ready', 'failed']);
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'ABANDONED' } });
    await world.until(await world.upload(), ['ready']);
    expect((await world.gateway.calls()).filter((call) => call.jobId === jobId)).toEqual([]);
  });
});
