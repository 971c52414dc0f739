import { describe, expect, it } from '@jest/globals';
import { runSimulator } from './child-run.ts';
import { MUTANTS } from './mutants.ts';

/**
 * Seeds whose worlds catch the mutants that few worlds catch (docs/simulation.md). They run first, so that the usual
 * run is short. If a change of the weather makes a seed useless, all 2,000 run.
 */
const CAUGHT_IN: Readonly<Record<string, number>> = {
  'no-completion-fence': 172,
  'cleanup-from-read-model': 376,
  'age-by-own-clock': 5,
  'resume-off-by-one': 3,
  'forgetful-sweeper': 1158,
  'feed-behind-the-gap': 80,
  'stops-at-a-big-event': 103,
  'begins-what-has-lapsed': 61,
  'start-named-by-revision': 564,
  'replay-removes-its-blob': 486,
};

async function worldsOf(mutant: string): Promise<{ exitCode: number; output: string }> {
  const world = CAUGHT_IN[mutant];
  if (world !== undefined) {
    const one = await runSimulator('--mutant', mutant, '--from', String(world), '--seeds', '1');
    if (one.exitCode !== 0) return one;
  }
  return runSimulator('--mutant', mutant, '--seeds', '2000');
}

describe('the simulator', () => {
  it.each(MUTANTS.map(({ name, what }) => [name, what]))(
    'catches %s within 2,000 worlds: %s',
    async (name) => {
      const { exitCode, output } = await worldsOf(name);
      expect(output).toMatch(/^ {2}BROKEN \d+ /m);
      expect(output).not.toContain('BROKEN 0 no crash');
      expect(exitCode).toBe(1);
    },
    // A generous limit, and no measure of speed: 2,000 worlds can take minutes on a busy machine.
    1_200_000,
  );
});
