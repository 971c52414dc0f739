import { parseArgs } from 'node:util';
import { FAITHFUL, type Composition } from './composition.ts';
import { MUTANTS } from './mutants.ts';
import { simulate, type Outcome } from './simulate.ts';
import { addTotals, noTotals, sentencesOf, TOTALS } from './totals.ts';

const USAGE = `node simulation/run.ts [--seeds N] [--from N] [--workers N] [--keep-going] [--seed N [--trace]] [--mutant NAME] [--mutants [--markdown]]`;

/** This many seeds must be enough to catch every mutant. */
export const MUTANT_SEEDS_MAX = 2_000;

/** Runs the simulations of the command line and returns the exit code. */
export async function runSimulations(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      totals: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(USAGE, 0);
  const mutant = values.mutant === undefined ? null : MUTANTS.find(({ name }) => name === values.mutant);
  if (mutant === undefined)
    return say(
      `There is no mutant ${values.mutant}; there are ${MUTANTS.map(({ name }) => name).join(', ')}.`,
      2,
    );
  if (values.mutants) return runMutants(values.markdown);
  const installation = {
    composition: mutant?.composition ?? FAITHFUL,
    again: mutant ? ` --mutant ${mutant.name}` : '',
  };
  if (values.seed !== undefined) return runOne(Number(values.seed), installation, values.trace);
  const { totals } = values;
  const range = {
    from: Number(values.from),
    seeds: Number(values.seeds),
    totals,
    keepGoing: values['keep-going'],
  };
  return runMany(range, installation);
}

/** The simulated part, and the command that repeats the simulation. */
interface Simulated {
  readonly composition: Composition;
  readonly again: string;
}

async function runOne(seed: number, { composition, again }: Simulated, traced: boolean): Promise<number> {
  const outcome = await simulate(seed, composition, { traced: true });
  if (traced) for (const line of outcome.trace) say(line, 0);
  return report(outcome, again);
}

async function runMany(
  {
    from,
    seeds,
    keepGoing,
    totals: asJson,
  }: { from: number; seeds: number; keepGoing: boolean; totals: boolean },
  { composition, again }: Simulated,
): Promise<number> {
  const startedMs = performance.now();
  // Errors are frequent in these worlds, so their stacks are left out. A world that breaks a promise runs again with
  // stacks.
  Error.stackTraceLimit = 0;
  const totals = noTotals();
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { violations, figures } = await simulate(seed, composition);
    if (violations.length > 0 && keepGoing) totals.failed += say(`seed ${seed}: ${violations[0]}`, 1);
    else if (violations.length > 0) {
      // The same seed gives the same world, now with its trace.
      Error.stackTraceLimit = 10;
      const traced = await simulate(seed, composition, { traced: true });
      for (const line of traced.trace) say(line, 0);
      return report(traced, again);
    }
    addTotals(totals, { ...figures, failed: 0 });
  }
  if (asJson) return say(`${TOTALS}${JSON.stringify(totals)}`, 0);
  for (const line of sentencesOf(totals, { from, seeds, startedMs })) say(line, 0);
  return 0;
}

async function runMutants(markdown: boolean): Promise<number> {
  let missed = 0;
  if (markdown) say('| mutant | what is broken | first failing seed | promise |\n|---|---|---|---|', 0);
  for (const { name, what, composition } of MUTANTS) {
    const caught = await firstFailure(composition);
    if (!caught) missed += 1;
    const promise = caught?.violations[0]?.split(':', 1)[0] ?? '';
    const seed = caught ? String(caught.seed) : `none of ${MUTANT_SEEDS_MAX}`;
    say(
      markdown
        ? `| ${name} | ${what} | ${seed} | ${promise} |`
        : `${name}: ${seed} ${caught?.violations[0] ?? ''}`,
      0,
    );
  }
  return missed === 0 ? 0 : 1;
}

async function firstFailure(composition: Composition): Promise<Outcome | null> {
  Error.stackTraceLimit = 0;
  for (let seed = 1; seed <= MUTANT_SEEDS_MAX; seed += 1) {
    const outcome = await simulate(seed, composition);
    if (outcome.violations.length > 0) return outcome;
  }
  return null;
}

function report({ seed, violations, figures }: Outcome, again: string): number {
  say(`seed ${seed}: ${JSON.stringify(figures)}`, 0);
  for (const violation of violations) say(`  BROKEN ${violation}`, 0);
  if (violations.length > 0)
    say(`Run it again with: node simulation/run.ts --seed ${seed}${again} --trace`, 0);
  return violations.length === 0 ? 0 : 1;
}

function say(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`);
  return exitCode;
}
