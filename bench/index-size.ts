/**
 * `npm run bench:index-size -- [streams=1000000,3000000,10000000] [minutes=20]` measures the start time and the
 * memory of the embedded event store, by the number of streams in its log. Each stream has five small events. Writes
 * about 0.9 GB a million streams into a temporary folder, and stops writing after the given minutes. Prints Markdown.
 * Linux only.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const EVENTS_A_STREAM = 5;
const MIB = 1024 * 1024;
/** More bytes than the log of one stream takes. The bench checks the free space of the disk with this value. */
const STREAM_BYTES_MAX = 2_000;
const STARTS = 3;

interface Start {
  readonly ms: number;
  readonly residentMib: number;
}

/** Starts the store on a folder. Measures the time until the store is ready, and its memory at that moment. */
async function startOnce(directory: string): Promise<Start> {
  const beganMs = performance.now();
  const store = spawn(
    process.execPath,
    [join(ROOT, 'event-store-server', 'main.ts'), '--directory', directory],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, EXIT_WITH_PARENT: '1' },
    },
  );
  await once(createInterface({ input: store.stdout! }), 'line');
  const ms = performance.now() - beganMs;
  const status = readFileSync(`/proc/${store.pid ?? 0}/status`, 'utf8');
  const ended = once(store, 'exit');
  store.kill('SIGTERM');
  await ended;
  return { ms, residentMib: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024 };
}

function bytesOf(directory: string, extension: string): number {
  const names = readdirSync(directory).filter((name) => name.endsWith(extension));
  return names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

const given = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=') as [string, string]));
const sizes = (given['streams'] ?? '1000000,3000000,10000000').split(',').map(Number);
const endMs = Date.now() + Number(given['minutes'] ?? 20) * 60_000;
const folder = await mkdtemp(join(tmpdir(), 'docket-index-'));
try {
  console.log(`Load ${loadavg()[0]?.toFixed(1)} at the beginning.\n`);
  console.log(
    '| streams | events | start, s | resident, MiB | log, MiB | index files, MiB | written in, s |',
  );
  console.log('|---|---|---|---|---|---|---|');
  let streams = 0;
  for (const size of sizes) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < (size - streams) * STREAM_BYTES_MAX) throw new Error(`no room for ${size} streams`);
    const beganMs = performance.now();
    const fill = [join(ROOT, 'bench', 'index-size', 'fill.ts'), folder, streams, size, endMs].map(String);
    streams = Number((await run(process.execPath, ['--max-old-space-size=8192', ...fill])).stdout);
    const writtenSec = (performance.now() - beganMs) / 1_000;
    const starts: Start[] = [];
    for (let n = 0; n < STARTS; n += 1) starts.push(await startOnce(folder));
    const median = starts.sort((a, b) => a.ms - b.ms)[1]!;
    console.log(
      `| ${streams} | ${streams * EVENTS_A_STREAM} | ${(median.ms / 1_000).toFixed(1)} | ${median.residentMib.toFixed(0)} | ` +
        `${(bytesOf(folder, '.log') / MIB).toFixed(0)} | ${(bytesOf(folder, '.index') / MIB).toFixed(0)} | ${writtenSec.toFixed(0)} |`,
    );
    if (streams < size) {
      console.log(`\nThe time was over before ${size} streams were written.`);
      break;
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
