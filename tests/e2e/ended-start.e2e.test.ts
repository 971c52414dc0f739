import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { until } from '../harness/api-user.ts';
import { descendantsOf, lives } from '../harness/process-tree.ts';

const CLI = join(import.meta.dirname, '..', '..', 'cli', 'docket.ts');
const MOMENT_MS_MAX = 60_000;
/** More than npm takes to hand a signal on: a person pressed the key again. */
const PRESSED_AGAIN_MS = 700;

let folder: string;
let installation: Installation | null = null;
let started: ChildProcess | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docket-ended-'));
});
afterEach(async () => {
  await installation?.stop();
  installation = null;
  if (started?.exitCode === null) started.kill('SIGKILL');
  started = null;
  await rm(folder, { recursive: true, force: true });
});

/** `docket up` on a new folder, by a shell line in which `$UP` is it. */
function startUp(line = 'exec $UP'): {
  child: ChildProcess;
  exited: Promise<number | null>;
  said: () => string;
} {
  // A job of its own: whether the one that runs the tests ignores hangups must not decide them.
  const child = spawn('sh', ['-c', line], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      _: '',
      NODE_OPTIONS: '',
      PORT: '0',
      DATA_DIR: folder,
      GATEWAY_CHILDREN: '1',
      UP: `${process.execPath} ${CLI} up`,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  started = child;
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, exited, said: () => said };
}

const runs = (pid: number, command: RegExp): boolean =>
  descendantsOf(pid).some((each) => command.test(each.command));

describe('a first start that is asked to stop', () => {
  it.each([
    ['SIGINT', 'initdb makes the tables', /initdb/],
    ['SIGTERM', 'Postgres starts', /bin\/postgres -D .*cluster/],
    ['SIGHUP', 'the gateway starts', /gateway\/main\.ts/],
    ['SIGHUP', 'the services start', /serve all/],
  ] as const)(
    'by %s while %s ends with all that it started',
    async (signal, _moment, command) => {
      const { child, exited } = startUp();
      await until('the moment', () => Promise.resolve(runs(child.pid!, command)), MOMENT_MS_MAX);
      const all = descendantsOf(child.pid!);
      child.kill(signal);
      expect(await exited).toBe(0);
      expect(all.filter(({ pid }) => lives(pid))).toEqual([]);
      expect(
        (await readdir(join(folder, 'postgres'))).filter((name) => name.startsWith('unfinished')),
      ).toEqual([]);
    },
    120_000,
  );

  it('stops all that it started when one part cannot start', async () => {
    const { child, exited, said } = startUp('exec env PDF_TTL_DAYS=7 WEB_DIR= GATEWAY_CHILDREN=none $UP');
    await exited;
    expect(child.exitCode).toBe(1);
    expect(said()).toContain('GATEWAY_CHILDREN');
    expect(descendantsOf(process.pid).filter(({ command }) => command.includes(folder))).toEqual([]);
  }, 120_000);
});

describe('a Docket that runs', () => {
  it('ends at once when a person presses Ctrl-C a second time', async () => {
    const running = (installation = await startInstallation());
    const { services = 0 } = await running.parts();
    const all = descendantsOf(running.pid);
    // Services that do not answer would take the whole of their grace.
    process.kill(services, 'SIGSTOP');
    process.kill(running.pid, 'SIGINT');
    await sleep(PRESSED_AGAIN_MS);
    expect(await running.halt('SIGINT')).toBe(130);
    await until('all have ended', () => Promise.resolve(!all.some(({ pid }) => lives(pid))), 10_000);
  }, 90_000);

  it('stops when its terminal closes', async () => {
    const running = (installation = await startInstallation({ isOwnJob: true }));
    const all = descendantsOf(running.pid);
    expect(await running.halt('SIGHUP')).toBe(0);
    expect(all.filter(({ pid }) => lives(pid))).toEqual([]);
  }, 90_000);

  it('runs on under nohup when its terminal closes', async () => {
    const { child, exited, said } = startUp('exec nohup env _=/usr/bin/nohup $UP');
    await until('ready', () => Promise.resolve(said().includes('Docket is ready')), MOMENT_MS_MAX);
    child.kill('SIGHUP');
    await sleep(500);
    expect(child.exitCode ?? child.signalCode).toBeNull();
    expect(runs(child.pid!, /serve all/)).toBe(true);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  }, 90_000);

  it('shows its address on standard error when nobody reads its output, and can still be stopped', async () => {
    const { child, exited, said } = startUp();
    child.stdout!.destroy();
    await until('the address', () => Promise.resolve(/http:\/\/localhost:\d+/.test(said())), MOMENT_MS_MAX);
    expect(said()).toContain(`\`kill ${child.pid}\` stops Docket`);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  }, 90_000);

  it('keeps its address in a log when nobody reads anything it says', async () => {
    const { child, exited } = startUp();
    child.stdout!.destroy();
    child.stderr!.destroy();
    const log = (): Promise<string> => readFile(join(folder, 'logs', 'docket.log'), 'utf8').catch(() => '');
    await until('the address', async () => /http:\/\/localhost:\d+/.test(await log()), MOMENT_MS_MAX);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  }, 90_000);
});
