import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../postgres-server/start.ts';
import { createLog } from '../../runtime/log/log.ts';
import { copyPrepared } from '../harness/prepared-postgres.ts';

/** The Postgres of a drill. It can be killed, and returns on its port. */
export interface DrillPostgres {
  readonly url: string;
  readonly port: number;
  pid(): number;
  /** Sends SIGKILL to the postmaster, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts the server again. As after a real crash, its shared memory may not be free at once. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDrillPostgres(): Promise<DrillPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-drill-postgres-'));
  await copyPrepared(directory);
  const log = createLog('drill-postgres', 'silent');
  let running: EmbeddedPostgres = await startEmbeddedPostgres({ directory, port: 0, log });
  const { url } = running;
  // On a port, because clients connect through a proxy.
  const port = running.port!;
  return {
    url,
    port,
    pid: () => running.pid,
    kill: async () => {
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    restart: async () => {
      running = await startEmbeddedPostgres({ directory, port, log });
    },
    stop: async () => {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
