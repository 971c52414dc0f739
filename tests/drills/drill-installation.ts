import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { connectEventLog } from '../../event-store/connect.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts';
import { startS3Double, type S3Double } from '../harness/s3-double/s3-double.ts';
import { startScriptedGateway, type ScriptedGateway } from '../harness/scripted-gateway.ts';
import { startDrillPostgres, type DrillPostgres } from './drill-postgres.ts';
import { quick } from './drill-settings.ts';
import { startServiceProcess, type ServiceOptions, type ServiceProcess } from './service-process.ts';

/** The time limit of a drill's own query to a store, also on a busy machine. */
const LOOK_MS_MAX = 15_000;

/** The services in one process, which most drills do not kill. */
const REST = ['command-api', 'projector', 'query-api'] as const;

export interface InstallationOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Services of the one process that drills leave alone; none: every process is started by the drills. */
  readonly rest?: readonly string[];
  /** A processor of its own process, which drills stop, kill and starve; none by default. */
  readonly processor?: boolean;
  readonly blobs?: 'filesystem' | 's3';
  /** `real`: the product's own gateway process instead of the one with a script. */
  readonly gateway?: 'scripted' | 'real';
  /** Without the proxies, for an installation that moves much and breaks nothing on the way. */
  readonly direct?: boolean;
}

/** Docket in real processes, with a fault proxy before each store, and the tools with which a drill examines it. */
export interface DrillInstallation {
  readonly directory: string;
  readonly blobDir: string;
  readonly eventStore: TestEventStore;
  readonly postgres: DrillPostgres;
  readonly gateway: ScriptedGateway;
  readonly realGateway: ServiceProcess | null;
  /**
   * Every process of the installation uses these addresses for stores and gateway, except processes with direct
   * addresses.
   */
  readonly toEventStore: FaultProxy;
  readonly toPostgres: FaultProxy;
  readonly toGateway: FaultProxy;
  readonly s3: S3Double | null;
  readonly rest: ServiceProcess | null;
  readonly processor: ServiceProcess | null;
  /** Addresses without the proxies. */
  readonly log: EventLog;
  readonly store: ReadStore;
  readonly blobs: BlobStore;
  /** What every process of the installation is started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Jobs that a 200 or 202 has confirmed, with their owners. */
  readonly acknowledged: Map<string, string>;
  /** Jobs with events that no build understands, written on purpose. Their rows are not compared. */
  readonly spoiled: Set<string>;
  /** Calls of the gateway for attempts that went with a log which an older copy replaced, by job. */
  readonly lostCalls: Map<string, number>;
  serve(
    name: string,
    services: readonly string[],
    more?: Partial<Pick<ServiceOptions, 'env' | 'under' | 'unready'>>,
  ): Promise<ServiceProcess>;
  processes(): readonly ServiceProcess[];
  stop(): Promise<void>;
}

export async function startDrillInstallation(options: InstallationOptions = {}): Promise<DrillInstallation> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-drill-'));
  const blobDir = join(directory, 'blobs');
  const logDir = join(directory, 'logs');
  const webDir = join(directory, 'web');
  await Promise.all([mkdir(logDir), mkdir(webDir)]);
  await writeFile(join(webDir, 'index.html'), '<!doctype html><title>Docket</title>');
  const [eventStore, postgres, gateway, s3] = await Promise.all([
    startTestEventStore(),
    startDrillPostgres(),
    startScriptedGateway(),
    options.blobs === 's3' ? startS3Double() : null,
  ]);
  const processes: ServiceProcess[] = [];
  const limits = quick();
  const realGateway =
    options.gateway === 'real'
      ? await startServiceProcess({
          name: 'gateway',
          services: ['gateway'],
          env: limits,
          logDir,
          unready: true,
        })
      : null;
  const gatewayPort = realGateway?.port ?? Number(new URL(gateway.url).port);
  const [toEventStore, toPostgres, toGateway] = (await Promise.all(
    [eventStore.port, postgres.port, gatewayPort].map(startFaultProxy),
  )) as [FaultProxy, FaultProxy, FaultProxy];
  const through = new URL(postgres.url);
  const direct = options.direct === true;
  through.port = String(direct ? postgres.port : toPostgres.port);
  const env = {
    ...limits,
    EVENTSTORE_URL: `esdb://127.0.0.1:${direct ? eventStore.port : toEventStore.port}?tls=false`,
    DATABASE_URL: through.href,
    GATEWAY_URL: `http://127.0.0.1:${direct ? gatewayPort : toGateway.port}`,
    DATA_DIR: directory,
    WEB_DIR: webDir,
    ...(s3 === null ? { BLOB_DIR: blobDir } : s3Settings(s3)),
    ...options.env,
  };
  const logger = createLog('drill', 'silent');
  const log = connectEventLog({
    connectionString: eventStore.connectionString,
    timeoutMs: LOOK_MS_MAX,
    log: logger,
  });
  const store = openReadStore({ url: postgres.url, poolMax: 4, timeoutMs: LOOK_MS_MAX, log: logger });
  const blobs = await (s3 === null ? openFilesystemBlobStore({ directory: blobDir }) : s3Blobs(s3));
  const serve: DrillInstallation['serve'] = async (name, services, more = {}) => {
    const started = await startServiceProcess({
      name,
      services,
      logDir,
      ...more,
      env: { ...env, PROCESSOR_ID: name, ...more.env },
    });
    processes.push(started);
    return started;
  };
  const restOf = options.rest ?? REST;
  const [rest, processor] = await Promise.all([
    restOf.length === 0 ? null : serve('rest', restOf),
    options.processor === true ? serve('processor', ['processor']) : null,
  ]);
  return {
    directory,
    blobDir,
    eventStore,
    postgres,
    gateway,
    realGateway,
    s3,
    rest,
    processor,
    log,
    store,
    blobs,
    env,
    serve,
    toEventStore,
    toPostgres,
    toGateway,
    acknowledged: new Map(),
    spoiled: new Set(),
    lostCalls: new Map(),
    processes: () => processes,
    stop: async () => {
      await Promise.all(processes.map((each) => each.kill()));
      await Promise.allSettled([realGateway?.kill(), log.close(), store.close()]);
      await Promise.allSettled([toEventStore, toPostgres, toGateway].map((proxy) => proxy.stop()));
      await Promise.allSettled([eventStore.stop(), postgres.stop(), gateway.stop(), s3?.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function s3Settings({ bucket, endpoint, region, credentials }: S3Double): Record<string, string> {
  return {
    BLOB_STORE: 's3',
    S3_BUCKET: bucket,
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/** The S3 client is loaded only when it is needed: one of eight installations needs it. */
async function s3Blobs({ bucket, endpoint, region, credentials }: S3Double): Promise<BlobStore> {
  const { openS3BlobStore } = await import('../../blob-store/s3.ts');
  return openS3BlobStore({
    bucket,
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    serverSideEncryption: 'none',
    timeoutMs: 10_000,
    log: createLog('drill-s3', 'silent'),
  });
}
