/**
 * `npm test`: every test of the project by Jest, then one plain closing line. Arguments go to Jest, so
 * `npm test -- event-store` runs one folder. In a whole run, a file that fails is run
 * once more, alone (CONTRIBUTING.md).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { shieldFromShell } from '../cli/shell-variables.ts';
import { preparePostgres } from './harness/prepared-postgres.ts';

const ROOT = join(import.meta.dirname, '..');

/** When more files than this fail at once, the reason is not a busy machine, so no file gets a second run. */
const SECOND_TRY_FILES_MAX = 3;

interface FileOutcome {
  /** Absolute path of the test file. */
  name: string;
  status: 'passed' | 'failed';
  assertionResults: readonly { status: string }[];
}

interface Outcome {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: readonly FileOutcome[];
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

for (const sentence of shieldFromShell(process.env)) console.error(sentence);
const scratch = mkdtempSync(join(tmpdir(), 'docket-test-run-'));
await preparePostgres(join(scratch, 'postgres'));
let isStopped = false;

const { counts, unsteady, code } = await runAll(process.argv.slice(2));
rmSync(scratch, { recursive: true });
for (const file of unsteady)
  console.log(`unsteady: ${relative(ROOT, file)} failed beside other tests and passed alone`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 ? code || 1 : unsteady.length > 0 ? 0 : code;

/**
 * All tests, then each file that failed once more, alone. A file that passes alone is named, so that somebody mends
 * it; it does not turn the run red, since on a starved machine the fault is the machine's.
 */
async function runAll(
  jestArguments: readonly string[],
): Promise<{ readonly counts: Counts; readonly unsteady: readonly string[]; readonly code: number }> {
  const first = await jest(jestArguments);
  let counts = countsOf(first.outcome);
  const failed = first.outcome.testResults.filter(({ status }) => status === 'failed');
  // A user who names files gets no second run, because it would hide the failure that the user wants to see.
  const isWhole = jestArguments.length === 0;
  if (!isWhole || isStopped || failed.length > SECOND_TRY_FILES_MAX)
    return { counts, unsteady: [], code: first.code };
  const unsteady: string[] = [];
  for (const file of failed) {
    console.error(`Second try, alone: ${relative(ROOT, file.name)}`);
    const again = await jest(['--runTestsByPath', file.name]);
    if (isStopped || again.code !== 0) continue;
    unsteady.push(file.name);
    const before = countsOfFile(file);
    const now = countsOf(again.outcome);
    counts = {
      passed: counts.passed - before.passed + now.passed,
      failed: counts.failed - before.failed,
      skipped: counts.skipped - before.skipped + now.skipped,
    };
  }
  return { counts, unsteady, code: first.code };
}

/**
 * Runs Jest once. The tests start some hundred processes of Docket, and half of each start is the compilation of the
 * same code, so the compiled code is kept.
 */
async function jest(
  jestArguments: readonly string[],
): Promise<{ readonly outcome: Outcome; readonly code: number }> {
  const outcomeFile = join(scratch, 'outcome.json');
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--json',
      `--outputFile=${outcomeFile}`,
      ...jestArguments,
    ],
    {
      cwd: ROOT,
      stdio: ['inherit', 'ignore', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(scratch, 'compiled-code') },
    },
  );
  const stop = (signal: NodeJS.Signals): void => {
    isStopped = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const code = await new Promise<number>((resolve) =>
    child.once('exit', (exitCode) => resolve(exitCode ?? 1)),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
  return { outcome: JSON.parse(readFileSync(outcomeFile, 'utf8')) as Outcome, code };
}

/** A file that could not be run at all counts as one failed test. */
function countsOf(outcome: Outcome): Counts {
  return {
    passed: outcome.numPassedTests,
    failed: outcome.numFailedTests + outcome.numRuntimeErrorTestSuites,
    skipped: outcome.numPendingTests,
  };
}

function countsOfFile({ assertionResults }: FileOutcome): Counts {
  const numberOf = (wanted: string): number =>
    assertionResults.filter(({ status }) => status === wanted).length;
  return {
    passed: numberOf('passed'),
    failed: Math.max(1, numberOf('failed')),
    skipped: numberOf('pending'),
  };
}
