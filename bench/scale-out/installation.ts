import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServiceProcess, type ServiceProcess } from '../../tests/drills/service-process.ts';
import { startTestEventStore } from '../../tests/harness/event-store.ts';
import { startTestPostgres } from '../../tests/harness/postgres.ts';
import { startScriptedGateway } from '../../tests/harness/scripted-gateway.ts';

/** The secret that signs the sessions in every process. */
export const SECRET = 'a secret of the bench that is long enough to be one';

/** Stores, gateway and the services that always run, each in a separate process. */
export interface ScaledInstallation {
  readonly connectionString: string;
  readonly commandApis: readonly ServiceProcess[];
  readonly queryApis: readonly ServiceProcess[];
  /** Starts processors with the given number of workers each. */
  processors(count: number, workers: number): Promise<ServiceProcess[]>;
  stop(): Promise<void>;
}

/**
 * Starts the installation.
 * @param gatewayMs the time that the gateway takes for a document
 */
export async function startScaled(gatewayMs: number): Promise<ScaledInstallation> {
  const folder = await mkdtemp(join(tmpdir(), 'docket-scale-out-'));
  const [eventStore, postgres, gateway] = await Promise.all([
    startTestEventStore(),
    startTestPostgres(),
    startScriptedGateway(),
  ]);
  await gateway.script({ otherwise: { delayMs: gatewayMs } });
  const env: Record<string, string> = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    EVENTSTORE_URL: eventStore.connectionString,
    DATABASE_URL: postgres.url,
    GATEWAY_URL: gateway.url,
    SESSION_SECRET: SECRET,
    DATA_DIR: folder,
    BLOB_DIR: join(folder, 'blobs'),
    UPLOAD_RATE_PER_MINUTE: '1000000',
    REQUEST_RATE_PER_MINUTE: '10000000',
    DISK_WARN_PERCENT: '100',
    DISK_REFUSE_PERCENT: '100',
  };
  const running: ServiceProcess[] = [];
  const start = async (
    service: string,
    n: number,
    more: Readonly<Record<string, string>> = {},
  ): Promise<ServiceProcess> => {
    const started = await startServiceProcess({
      name: `${service}-${n}`,
      services: [service],
      env: { ...env, ...more },
      logDir: folder,
    });
    running.push(started);
    return started;
  };
  await start('projector', 1);
  const commandApis = [await start('command-api', 1), await start('command-api', 2)];
  const queryApis = [await start('query-api', 1), await start('query-api', 2)];
  let life = 0;
  return {
    connectionString: eventStore.connectionString,
    commandApis,
    queryApis,
    processors: (count, workers) => {
      life += 1;
      const names = Array.from({ length: count }, (_, n) => n + 1);
      const settings = { WORKER_CONCURRENCY: String(workers) };
      return Promise.all(
        names.map((n) => start('processor', n, { ...settings, PROCESSOR_ID: `processor-${life}-${n}` })),
      );
    },
    stop: async () => {
      await Promise.all(running.filter((each) => each.isAlive()).map((each) => each.terminate()));
      await gateway.stop();
      await Promise.all([eventStore.stop(), postgres.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
