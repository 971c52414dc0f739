/**
 * `npm run attacks`: every attack of the list, made really against an instance of its own, then one table. Exit code 1
 * when one came to something.
 *
 *   npm run attacks -- [--url http://localhost:8080] [--only A-UP01,A-HT01] [--cheap] [--json]
 *
 * `--url` names a running instance of this machine, for the attacks that need nothing but an address. The others still
 * start instances of their own.
 */
import { parseArgs } from 'node:util';
import { inPatience } from '../harness/machine-time.ts';
import { NotApplicable, type Attack, type AttackResult } from './attack.ts';
import { CATEGORIES } from './list.ts';
import { reportOf } from './report.ts';
import { openTargets, type Targets } from './targets.ts';

const MS_MAX = 120_000;
const USAGE_EXIT_CODE = 2;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    only: { type: 'string' },
    cheap: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const wanted = values.only?.split(',').map((id) => id.trim());
const all = CATEGORIES.flatMap(({ name, attacks }) => attacks.map((attack) => ({ name, attack })));
const unknown = wanted?.filter((id) => !all.some(({ attack }) => attack.id === id)) ?? [];
if (unknown.length > 0) refuse(`There is no attack ${unknown.join(', ')}.`);
if (values.url !== undefined && !/^http:\/\/(localhost|127\.0\.0\.1):\d+\/?$/.test(values.url))
  refuse('--url is the address of an instance of this machine, such as http://localhost:8080.');

const chosen = all.filter(
  ({ attack }) => (wanted?.includes(attack.id) ?? true) && (!values.cheap || attack.cheap === true),
);
const targets = openTargets(values.url ?? null);
const results: AttackResult[] = [];
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isInterrupted = true));
for (const { name, attack } of chosen) {
  if (isInterrupted) break;
  const result = await resultOf(name, attack, targets);
  results.push(result);
  console.error(`${result.id} ${result.outcome} (${result.seconds.toFixed(1)} s)`);
}
await targets.stop();
if (results.length > 0) console.log(values.json ? JSON.stringify(results, null, 2) : reportOf(results));
process.exit(isInterrupted ? 130 : results.some(({ outcome }) => outcome === 'FAIL') ? 1 : 0);

async function resultOf(category: string, attack: Attack, against: Targets): Promise<AttackResult> {
  const startedAt = performance.now();
  const { id, title, msMax = MS_MAX } = attack;
  const ended = (outcome: AttackResult['outcome'], evidence: string): AttackResult => {
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    return { id, title, category, outcome, seconds, evidence };
  };
  try {
    const late = (): Error => new Error(`not over within ${msMax / 1000} s`);
    return ended('PASS', await inPatience(attack.run(against), msMax, late));
  } catch (error) {
    const { message, cause } = error as Error;
    if (error instanceof NotApplicable) return ended('NA', message);
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    return ended('FAIL', `${message}${why}`);
  }
}

function refuse(message: string): never {
  console.error(message);
  process.exit(USAGE_EXIT_CODE);
}
