import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GATEWAY_STREAM } from '../../schemas/events/streams.ts';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../../tests/harness/processor-world.ts';

const BREAKER = { BREAKER_FAILURES: '3', BREAKER_RESET_MS: '500', RETRY_MAX_ATTEMPTS: '10' };

/** A ladder above a call that takes long. */
const PATIENT = { WORKER_TIMEOUT_MS: '200000', WORKER_LEASE_TTL_SEC: '300', JOB_TIMEOUT_SEC: '600' };

/** Of the product, where the test's world has its own. */
const DEFAULTS = { WORKER_CONCURRENCY: '4', BREAKER_FAILURES: '5', BREAKER_RESET_MS: '10000' };

describe('the circuit breaker', () => {
  let world: ProcessorWorld;
  beforeEach(async () => {
    world = await startProcessorWorld();
  });
  afterEach(() => world.stop());

  async function transitions(): Promise<string[]> {
    const types: string[] = [];
    for await (const { type } of world.log.readStream(GATEWAY_STREAM)) types.push(type);
    return types;
  }

  it('opens when the gateway is killed, keeps the jobs queued, and drains when it is back [R05.02][D18]', async () => {
    world.gateway.kill('SIGKILL');
    await world.start(BREAKER);
    const jobIds = await Promise.all(Array.from({ length: 12 }, (_, index) => world.upload(`o${index}`)));
    await eventually(
      async () => (await transitions()).includes('GatewayPaused'),
      10_000,
      'the breaker opened',
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const states = await Promise.all(jobIds.map(async (jobId) => (await world.job(jobId)).state));
    expect(states.filter((state) => state !== 'queued' && state !== 'waiting')).toEqual([]);
    expect(await world.gateway.calls()).toEqual([]);

    await world.gateway.restart();
    for (const jobId of jobIds) await world.until(jobId, ['ready'], 20_000);
    expect(await transitions()).toEqual(['GatewayPaused', 'GatewayResumed']);
    expect((await world.gateway.healthCalls()).length).toBeGreaterThan(0);
    expect(await world.gateway.calls()).toHaveLength(jobIds.length);
  });

  it('opens while a gateway hangs, at the default settings and before a call has ended [D64]', async () => {
    await world.start({ ...PATIENT, ...DEFAULTS, GATEWAY_TIMEOUT_MS: '200000' });
    world.gateway.kill('SIGSTOP');
    const jobIds = await Promise.all(Array.from({ length: 6 }, (_, index) => world.upload(`o${index}`)));
    await eventually(
      async () => (await transitions()).includes('GatewayPaused'),
      120_000,
      'the breaker opened',
    );
    const attempted = await Promise.all(jobIds.map(async (jobId) => (await world.job(jobId)).state));
    // None has failed: the calls are still under way, and what was not claimed waits.
    expect(attempted.filter((state) => state !== 'converting' && state !== 'queued')).toEqual([]);
    world.gateway.kill('SIGCONT');
    for (const jobId of jobIds)
      expect(await world.until(jobId, ['ready'], 60_000)).toMatchObject({ attempts: 1 });
    await eventually(
      async () => (await transitions()).includes('GatewayResumed'),
      30_000,
      'the breaker closed',
    );
  }, 240_000);

  it('stays closed while the gateway is long at work and says that it lives', async () => {
    await world.gateway.script({ otherwise: { delayMs: 4_000 } });
    await world.start({ ...BREAKER, GATEWAY_TIMEOUT_MS: '30000', ...PATIENT });
    const jobIds = await Promise.all(Array.from({ length: 4 }, (_, index) => world.upload(`o${index}`)));
    await world.gateway.script({ otherwise: { delayMs: 7_000 } });
    const late = await Promise.all(Array.from({ length: 4 }, (_, index) => world.upload(`p${index}`)));
    for (const jobId of [...jobIds, ...late]) await world.until(jobId, ['ready'], 60_000);
    expect((await world.gateway.healthCalls()).length).toBeGreaterThan(0);
    expect(await transitions()).toEqual([]);
  }, 120_000);

  it("asks after the gateway's health before it risks a job", async () => {
    await world.gateway.script({ otherwise: { status: 503, body: '{}' }, healthStatus: 503 });
    await world.start(BREAKER);
    await Promise.all(Array.from({ length: 6 }, (_, index) => world.upload(`o${index}`)));
    await eventually(
      async () => (await transitions()).includes('GatewayPaused'),
      10_000,
      'the breaker opened',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = (await world.gateway.calls()).length;
    await eventually(async () => (await world.gateway.healthCalls()).length >= 2, 10_000, 'health was asked');
    expect(await world.gateway.calls()).toHaveLength(before);
  });

  it('stays closed while files are refused, however many [R05.01]', async () => {
    await world.gateway.script({
      otherwise: { status: 422, body: '{"code":"NO_TEXT","message":"No text."}' },
    });
    await world.start(BREAKER);
    const jobIds = await Promise.all(Array.from({ length: 10 }, () => world.upload()));
    for (const jobId of jobIds)
      expect(await world.until(jobId, ['ready', 'failed'])).toMatchObject({ state: 'failed', attempts: 1 });
    expect(await transitions()).toEqual([]);
  });

  it('fails jobs at once while it is open when BREAKER_OPEN_MODE is fail_fast [R05.02]', async () => {
    world.gateway.kill('SIGKILL');
    await world.start({ ...BREAKER, BREAKER_OPEN_MODE: 'fail_fast', BREAKER_RESET_MS: '60000' });
    await Promise.all(Array.from({ length: 6 }, (_, index) => world.upload(`o${index}`)));
    await eventually(
      async () => (await transitions()).includes('GatewayPaused'),
      10_000,
      'the breaker opened',
    );
    const job = await world.until(await world.upload(), ['ready', 'failed'], 5_000);
    expect(job).toMatchObject({ state: 'failed', attempts: 1, failure: { code: 'GW_UNREACHABLE' } });
  });
});
