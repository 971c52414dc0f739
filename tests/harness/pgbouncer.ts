import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../cli/up/free-port.ts';
import { serverAccount } from '../../postgres-server/account.ts';

const READY_MS_MAX = 20_000;
const LOOK_AGAIN_MS = 50;

/**
 * Starts a PgBouncer in transaction mode before the database `docket` of a Postgres on loopback that accepts
 * everybody.
 */
export async function startPgBouncer(
  program: string,
  postgresPort: number,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const account = serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'docket-pgbouncer-'));
  const port = await freePort();
  const files = {
    'users.txt': '"docket" ""\n',
    'pgbouncer.ini': [
      '[databases]',
      `docket = host=127.0.0.1 port=${postgresPort} dbname=docket`,
      '[pgbouncer]',
      'pool_mode = transaction',
      'default_pool_size = 8',
      'max_client_conn = 200',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = trust',
      `auth_file = ${join(folder, 'users.txt')}`,
      '',
    ].join('\n'),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  if (account.uid !== undefined)
    for (const path of [folder, ...Object.keys(files).map((name) => join(folder, name))])
      await chown(path, account.uid, account.gid!);
  const child = spawn(program, [join(folder, 'pgbouncer.ini')], {
    ...account,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  for (const end = performance.now() + READY_MS_MAX; !(await listens(port));) {
    if (child.exitCode !== null || performance.now() > end)
      throw new Error(`PgBouncer does not start:\n${said}`);
    await sleep(LOOK_AGAIN_MS);
  }
  return {
    url: `postgres://docket@127.0.0.1:${port}/docket`,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
