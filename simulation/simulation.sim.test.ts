import { describe, expect, it } from '@jest/globals';
import { runSimulator } from './child-run.ts';

describe('a simulated installation', () => {
  it('keeps every promise in 2,000 worlds of crashes, lost answers and garbage [D29] [D36]', async () => {
    const { exitCode, output } = await runSimulator('--seeds', '2000');
    expect(output).toContain('every promise kept');
    expect(exitCode).toBe(0);
    const crashes = Number(/([\d]+) crashes/.exec(output)?.[1]);
    expect(crashes).toBeGreaterThan(1_000);
    for (const state of ['ready', 'failed', 'expired', 'cancelled']) expect(output).toContain(` ${state}`);
    // A generous limit, and no measure of speed: at a load of 25 the 2,000 worlds took 228 s.
  }, 1_200_000);

  it('tells the same story of the same seed, byte for byte, and another of another', async () => {
    const [once, again, other] = await Promise.all(
      ['7', '7', '8'].map((seed) => runSimulator('--seed', seed, '--trace')),
    );
    expect(once?.output.length).toBeGreaterThan(3_000);
    expect(again?.output).toBe(once?.output);
    expect(other?.output).not.toBe(once?.output);
  }, 300_000);

  it('prints the seed and the trace of a world that breaks a promise', async () => {
    const { exitCode, output } = await runSimulator('--mutant', 'delete-before-event', '--seeds', '100');
    expect(exitCode).toBe(1);
    expect(output).toMatch(/PROMISE +6 cleanup IS BROKEN/);
    expect(output).toMatch(
      /Run it again with: node simulation\/run\.ts --seed \d+ --mutant delete-before-event --trace/,
    );
  }, 300_000);
});
