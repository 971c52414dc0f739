import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../../tests/harness/processor-world.ts';

describe('the order of work', () => {
  let world: ProcessorWorld;
  beforeEach(async () => {
    world = await startProcessorWorld();
    await world.gateway.script({ otherwise: { delayMs: 100 } });
  });
  afterEach(() => world.stop());

  it("one owner's many files do not hold another owner's one back", async () => {
    const many: string[] = [];
    for (let index = 0; index < 60; index += 1) many.push(await world.upload('many'));
    const one = await world.upload('one');
    await world.start({ WORKER_CONCURRENCY: '2' });
    await world.until(one, ['ready']);
    const calls = (await world.gateway.calls()).map((call) => call.jobId);
    expect(calls.indexOf(one)).toBeLessThan(8);
    // Two workers begin together: which of their calls arrives first says nothing.
    expect(many.some((jobId) => calls.slice(0, 2).includes(jobId))).toBe(true);
  });

  it("among one owner's files the higher priority goes first, then the older one", async () => {
    const older = await world.upload('a', 0);
    const newer = await world.upload('a', 0);
    const urgent = await world.upload('a', 5);
    const whenever = await world.upload('a', -5);
    await world.start({ WORKER_CONCURRENCY: '1' });
    // The list is fed in the order of the log, so the first claims may come before the last uploads are on it.
    await world.until(whenever, ['ready']);
    const calls = (await world.gateway.calls()).map((call) => call.jobId);
    expect(calls.indexOf(urgent)).toBeLessThan(calls.indexOf(newer));
    expect(calls.indexOf(older)).toBeLessThan(calls.indexOf(newer));
    expect(calls.at(-1)).toBe(whenever);
  });

  it('GATEWAY_MAX_RATE holds over all processors together [D18]', async () => {
    const limited = { GATEWAY_MAX_RATE: '10', WORKER_CONCURRENCY: '8' };
    await Promise.all([world.start(limited), world.start(limited)]);
    const jobIds = await Promise.all(Array.from({ length: 30 }, () => world.upload()));
    await eventually(
      async () => (await world.gateway.calls()).length === jobIds.length,
      20_000,
      'every job was sent',
    );
    const calls = await world.gateway.calls();
    const spanMs = calls.at(-1)!.at - calls[0]!.at;
    expect(spanMs).toBeGreaterThan(2_500);
  });
});
