/**
 * `npm test`: every test of the project by Jest, then one plain closing line. Arguments go to Jest, so
 * `npm test -- event-store` runs one folder.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shieldFromShell } from '../cli/shell-variables.ts';
import { preparePostgres } from './harness/prepared-postgres.ts';

const ROOT = join(import.meta.dirname, '..');

interface Outcome {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
}

for (const sentence of shieldFromShell(process.env)) console.error(sentence);
const scratch = mkdtempSync(join(tmpdir(), 'docket-test-run-'));
const outcomeFile = join(scratch, 'outcome.json');
await preparePostgres(join(scratch, 'postgres'));
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--json',
    `--outputFile=${outcomeFile}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: ROOT,
    stdio: ['inherit', 'ignore', 'inherit'],
    // The tests start some hundred processes of ours, and half of a start is compiling the same code.
    env: { ...process.env, NODE_COMPILE_CACHE: join(scratch, 'compiled-code') },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => jest.kill(signal));

const code = await new Promise<number>((resolve) => jest.once('exit', (exitCode) => resolve(exitCode ?? 1)));
const outcome = JSON.parse(readFileSync(outcomeFile, 'utf8')) as Outcome;
rmSync(scratch, { recursive: true });

const failed = outcome.numFailedTests + outcome.numRuntimeErrorTestSuites;
const skipped = outcome.numPendingTests > 0 ? `, ${outcome.numPendingTests} skipped` : '';
console.log(`${outcome.numPassedTests} passed, ${failed} failed${skipped}`);
process.exitCode = code === 0 && failed > 0 ? 1 : code;
