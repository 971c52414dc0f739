import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { QUICK } from './drill-settings.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCE = join(ROOT, 'cli', 'docket.ts');
const ALL_SERVICES = ['command-api', 'processor', 'projector', 'query-api'];
/** Where the bundle is, for the processes of the groups. */
const BUNDLED = 'DRILL_DOCKET';
/** What knex and pg would load for databases that are not ours, and is not installed. */
const OTHER_DRIVERS = [
  'better-sqlite3',
  'mariadb/callback',
  'mysql',
  'mysql2',
  'mssql',
  'oracledb',
  'sqlite3',
  'tedious',
  'pg-native',
  'pg-query-stream',
];
/** Nobody listens there. */
const NOWHERE = '127.0.0.1:9';

/** Room for what a start allocates, so that nothing is collected meanwhile. */
const START_FLAGS = ['--min-semi-space-size=16'];

/** Flags and program of the services of a drill: of the bundle when there is one, otherwise of the source. */
export function docketProgram(): string[] {
  return [...START_FLAGS, process.env[BUNDLED] ?? SOURCE];
}

/**
 * Has every process that is started from now on find its code quickly: one run of the drills starts about a hundred, and
 * most of a short life goes into looking for a thousand files and compiling them. The services' program is bundled, our
 * code and the packages' unchanged in fewer files, and what is compiled is kept (`NODE_COMPILE_CACHE`). All of it goes
 * when this process ends.
 */
export async function prepareQuickStarts(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-drill-code-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled');
  const bundle = join(directory, 'bundle');
  // Loaded here, since every group loads this file.
  const { build } = await import('vite');
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    ssr: { noExternal: true },
    plugins: [FILES_BESIDE_THE_SOURCE],
    build: {
      ssr: SOURCE,
      outDir: bundle,
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      rolldownOptions: { external: OTHER_DRIVERS },
    },
  });
  // Node need not look into the files to see what they are.
  await writeFile(join(bundle, 'package.json'), '{"type":"module"}');
  process.env[BUNDLED] = join(bundle, 'docket.js');
  spawnSync(process.execPath, [join(import.meta.dirname, 'warm-code.ts')], { stdio: 'inherit' });
  await startOnce(directory);
}

/** Files that our code reads beside itself, such as migrations, stay where they are. */
const FILES_BESIDE_THE_SOURCE = {
  name: 'files-beside-the-source',
  transform: (code: string, id: string) =>
    id.startsWith(ROOT) && !id.includes('node_modules')
      ? code.replaceAll('import.meta.dirname', JSON.stringify(dirname(id)))
      : null,
};

/** Starts and stops all services without their stores: a process keeps what it compiled only when it ends well. */
async function startOnce(directory: string): Promise<void> {
  await writeFile(join(directory, 'index.html'), '<!doctype html><title>Docket</title>');
  const child = spawn(process.execPath, [...docketProgram(), 'serve', ...ALL_SERVICES], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...QUICK,
      LOG_LEVEL: 'silent',
      EXIT_WITH_PARENT: '1',
      HOST: '127.0.0.1',
      PORT: '0',
      HEALTH_CHECK_PORT: '0',
      EVENTSTORE_URL: `esdb://${NOWHERE}?tls=false`,
      DATABASE_URL: `postgres://${NOWHERE}/docket`,
      GATEWAY_URL: `http://${NOWHERE}`,
      DATA_DIR: directory,
      BLOB_DIR: join(directory, 'blobs'),
      WEB_DIR: directory,
      SHUTDOWN_GRACE_MS: '1000',
    },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const listening = new Promise<void>((resolve) =>
    createInterface({ input: child.stdout! }).once('line', () => resolve()),
  );
  await Promise.race([listening, ended]);
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0)
    throw new Error(`The services do not start from their bundle: exit code ${code ?? 'none'}.`);
}
