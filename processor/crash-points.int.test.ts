import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CRASH_POINTS } from '../runtime/crash-points.ts';
import { startProcessorWorld, type ProcessorWorld } from '../tests/harness/processor-world.ts';
import { sha256OfChunks } from '../schemas/sha256.ts';

describe('a processor killed at a named step', () => {
  let world: ProcessorWorld;
  beforeAll(async () => {
    world = await startProcessorWorld();
  });
  afterAll(() => world.stop());

  it.each(CRASH_POINTS)(
    '%s: the restarted one ends the job ready, with one result whose bytes have the hash in the log [D01-D09][I1][I2][I3]',
    async (point) => {
      const jobId = await world.upload();
      const victim = await world.spawn(`killed-${point}`, { CRASH_AT: point }).catch(() => null);
      const ended = (): boolean => victim === null || victim.exitCode !== null || victim.signalCode !== null;
      if (!ended()) await new Promise((resolve) => victim?.once('exit', resolve));

      const next = await world.spawn(`killed-${point}`);
      const job = await world.until(jobId, ['ready', 'failed'], 20_000);
      if (job.state !== 'ready') throw new Error(`the job is ${job.state}`);
      const { stream } = await world.blobs.open(job.conversion.result.blobKey);
      expect((await sha256OfChunks(stream)).sha256).toBe(job.conversion.result.sha256);
      const history = await world.history(jobId);
      expect(history.filter((type) => type === 'ConversionSucceeded')).toHaveLength(1);
      const calls = (await world.gateway.calls()).filter((call) => call.jobId === jobId);
      expect(calls.length).toBeLessThanOrEqual(job.attempts);
      next.kill('SIGKILL');
    },
    40_000,
  );
});
