import { afterAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDocket } from '../tests/harness/run-docket.ts';
import { freePort } from './up/free-port.ts';

const DOCKET = join(import.meta.dirname, 'docket.ts');
/** Longer than a terminal and npm take to tell of one and the same key. */
const SECOND_CTRL_C_MS = 600;

const folder = await mkdtemp(join(tmpdir(), 'docket-served-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command until it says that it serves, and presses Ctrl-C; twice, where that changes nothing. */
async function servedAndStopped(words: string) {
  const env = {
    PORT: String(await freePort()),
    HEALTH_CHECK_PORT: String(await freePort()),
    DATA_DIR: join(folder, words.replaceAll(' ', '-')),
  };
  const stores = { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false', DATABASE_URL: 'postgres://127.0.0.1:1/x' };
  const child = spawn(process.execPath, [DOCKET, ...words.split(' '), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', LOG_LEVEL: 'silent', ...(words === 'up' ? {} : stores), ...env },
  });
  const lines: string[] = [];
  const exit = once(child, 'exit');
  const printed = createInterface({ input: child.stdout });
  const closed = once(printed, 'close');
  printed.on('line', (line) => {
    lines.push(line);
    child.kill('SIGINT');
    // Asked a second time, `up` kills everything at once.
    if (words !== 'up') void sleep(SECOND_CTRL_C_MS).then(() => child.kill('SIGINT'));
  });
  const [code] = (await exit) as [number | null];
  await closed;
  return { code, said: lines.map((line) => JSON.parse(line) as unknown), env };
}

it.each(['up', 'serve projector', 'serve gateway'])(
  '%s --json: one JSON value when it serves and nothing else; stopped by Ctrl-C with 0',
  async (words) => {
    const { code, said, env } = await servedAndStopped(words);
    const port = Number(env.PORT);
    const healthPort = Number(env.HEALTH_CHECK_PORT);
    // Its stores are away: it listens, and `/ready` on the health port says what it waits for.
    const line =
      words === 'serve projector'
        ? { listening: true, port, healthPort }
        : {
            ready: true,
            ...(words === 'up' ? { address: `http://localhost:${port}`, elsewhere: [] } : { port }),
          };
    expect({ code, said }).toEqual({ code: 0, said: [line] });
  },
  60_000,
);

it('serve gateway: says in one sentence why it cannot start, and is served alone', async () => {
  const told = async (words: string, env: Record<string, string>) => {
    const { code, stdout, stderr } = await runDocket(words.split(' '), env);
    return { code, error: (JSON.parse(stdout) as { error: { code: string } }).error.code, stderr };
  };
  expect(await told('serve gateway --json', { GATEWAY_CHILDREN: 'many' })).toEqual({
    code: 1,
    error: 'GATEWAY_FAILED',
    stderr: 'Docket: The gateway cannot start: GATEWAY_CHILDREN must be a whole number from 0 to 64.\n',
  });
  expect(await told('serve processor gateway --json', {})).toMatchObject({ code: 2, error: 'USAGE' });
}, 30_000);
