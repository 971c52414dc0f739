import { describe, expect, it } from '@jest/globals';
import { runSimulator } from './child-run.ts';
import { MUTANTS } from './mutants.ts';

describe('the simulator', () => {
  it.each(MUTANTS.map(({ name, what }) => [name, what]))(
    'catches %s within 2,000 worlds: %s',
    async (name) => {
      const { exitCode, output } = await runSimulator('--mutant', name, '--seeds', '2000');
      expect(output).toMatch(/^ {2}BROKEN \d+ /m);
      expect(output).not.toContain('BROKEN 0 no crash');
      expect(exitCode).toBe(1);
    },
    120_000,
  );
});
