/**
 * `npm run check:machines`: starts Docket as people do, on machines as people have them, one condition after the other,
 * and ends with a table. Each condition of the install begins with a fresh copy of the last commit and an empty cache of npm.
 *
 *   npm run check:machines -- --list               what there is
 *   npm run check:machines -- --only M5,npm10.8    conditions whose ids begin so
 *   npm run check:machines -- --cheap              those that CI tries with every change
 *   npm run check:machines -- --shared-cache       one cache of npm for all of them
 */
import { chmod, mkdtemp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freshCheckout } from './checkout.ts';
import type { Condition } from './condition.ts';
import { CONDITIONS } from './conditions.ts';
import { tryCondition, type Bench, type Tried } from './machine.ts';
import { processesIn } from './leftovers.ts';
import { startNpm } from './start.ts';
import { openToolBox, type ToolBox } from './tools.ts';

/** Short: a socket of Postgres has to lie below it. */
const PARENT = '/tmp/docket';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    cheap: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    'shared-cache': { type: 'boolean', default: false },
  },
});

function chosen(): Condition[] {
  const names = values.only?.split(',');
  return CONDITIONS.filter(
    ({ id, cheap }) =>
      (names?.some((name) => id.startsWith(name)) ?? true) && (!values.cheap || cheap === true),
  );
}

/** Installs one checkout by its own `npm start`, for the conditions that are not about the install. */
function installedOnce(folder: string, toolBox: ToolBox, cache: string): () => Promise<string> {
  let made: Promise<string> | null = null;
  const make = async (): Promise<string> => {
    const checkout = await freshCheckout(join(folder, 'installed'));
    const places = {
      folder: join(folder, 'installing'),
      dataDir: join(folder, 'installing', 'data'),
      port: 0,
      cache,
    };
    const started = await startNpm({ checkout }, places, toolBox);
    await started.says(/Docket is ready/);
    await started.stop();
    return checkout;
  };
  return () => (made ??= make());
}

function table(tried: readonly Tried[]): string {
  const rows = tried.map(({ condition: { id, what }, result, seconds, why }) => [
    id,
    what,
    result,
    `${seconds}`,
    why,
  ]);
  const cells = [
    ['id', 'condition', 'result', 's', 'what went wrong'],
    ...rows.map((row) => row.map(oneLine)),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 400);

const conditions = chosen();
if (values.list)
  for (const { id, what, cheap } of conditions)
    console.log(`${id.padEnd(20)} ${what}${cheap === true ? '' : ' (long)'}`);
else {
  await mkdir(PARENT, { recursive: true });
  const folder = await mkdtemp(join(PARENT, 'm-'));
  // Conditions of a user without rights read what lies here.
  await chmod(folder, 0o755);
  const cache = join(folder, 'cache');
  const toolBox = openToolBox(join(folder, 'tools'));
  const bench: Bench = {
    folder,
    toolBox,
    sharedCache: values['shared-cache'] ? cache : null,
    installed: installedOnce(folder, toolBox, cache),
  };
  const tried: Tried[] = [];
  for (const condition of conditions) {
    const outcome = await tryCondition(condition, bench);
    tried.push(outcome);
    console.log(`${outcome.result.padEnd(9)} ${condition.id} (${outcome.seconds} s) ${oneLine(outcome.why)}`);
  }
  for (const { pid } of processesIn([folder])) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  const count = (result: Tried['result']): number => tried.filter((one) => one.result === result).length;
  console.log(`\n${table(tried)}\n`);
  console.log(`${count('ok')} passed, ${count('FAILED')} failed, ${count('not tried')} not tried`);
  process.exitCode = count('FAILED') === 0 && tried.length > 0 ? 0 : 1;
}
