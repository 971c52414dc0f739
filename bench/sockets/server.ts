/**
 * A server process of `bench/sockets.ts`. It is a separate process, so that its memory can be measured. Its kinds:
 *
 *   docket   the whole query-api on a real Postgres; updates are committed rows, announced as by the projector
 *   fan-out  the live server alone; updates begin in the process, in the form of the change feed
 *   bare     only `ws`, with the same limits and frames of the same size; updates begin in the process
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { createIdentity, type Identity } from '../../identity/middleware.ts';
import { createLiveServer } from '../../query-api/live/live-server.ts';
import { ownerPagesReader, pageReader } from '../../query-api/change-feed/page-reader.ts';
import type { ChangedRow } from '../../query-api/change-feed/page.ts';
import { readHead } from '../../query-api/tables/projection-head.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { LIVE_LIMITS, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { openReadStore } from '../../read-store/pool.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { SECRETS, startQueryInstallation } from '../../tests/harness/query-installation.ts';
import { startTestPostgres } from '../../tests/harness/postgres.ts';
import { projectInto } from '../../tests/harness/projected-jobs.ts';

/** The requests of the bench to this process. */
export type Ask =
  | { readonly ask: 'memory' }
  | { readonly ask: 'jobs'; readonly owners: readonly string[] }
  | {
      readonly ask: 'update';
      readonly owners: readonly string[];
      readonly perSecond: number;
      readonly forMs: number;
    }
  | { readonly ask: 'stop' };

interface Serving {
  readonly port: number;
  /** Writes one job for each owner if there are tables. */
  jobs(owners: readonly string[]): Promise<void>;
  /** Makes one change for one owner. Its file name is the time at which the update began. */
  update(owner: string): Promise<unknown> | void;
  stop(): Promise<void>;
}

const now = () => process.hrtime.bigint().toString();

async function docket(): Promise<Serving> {
  const installation = await startQueryInstallation({ withLog: false });
  const projection = projectInto(installation.store);
  await projection.write([]);
  return {
    port: installation.port,
    jobs: async (owners) => {
      for (let from = 0; from < owners.length; from += 500)
        await projection.write(
          owners.slice(from, from + 500).map((owner) => ({ jobId: randomUUID(), owner })),
        );
    },
    update: (owner) => projection.write([{ jobId: randomUUID(), owner, filename: now() }]),
    stop: () => installation.stop(),
  };
}

/** Makes a row as large as a job's. */
function rowFor(owner: string, position: bigint): ChangedRow {
  const key = randomUUID();
  const job = {
    jobId: key,
    filename: now(),
    state: 'ready',
    error: null,
    attempts: 1,
    bytes: 51_234,
    pages: 2,
    mapping: { id: 'pt_simon_invoice_v1', version: 1, label: 'Invoice (PT)' },
    warnings: [],
    result: { bytes: 9_876, mediaType: 'application/xml', sha256: 'b'.repeat(64) },
    nextAttemptAt: null,
    createdAt: '2026-10-01T12:00:00.000Z',
    updatedAt: '2026-10-01T12:00:00.000Z',
    revision: 3,
  };
  return { key, owner, position, json: JSON.stringify({ ...job, position: position.toString() }) };
}

async function fanOut(): Promise<Serving> {
  const log = createLog('bench', 'silent');
  const postgres = await startTestPostgres();
  await migrateReadTables(postgres.url);
  const store = openReadStore({ url: postgres.url, poolMax: 10, timeoutMs: 5_000, log });
  const head = await readHead(store);
  let position = head.position;
  const live = createLiveServer({
    identity: identity(),
    keys: [Buffer.alloc(32)],
    readPage: pageReader(store, (id) => id),
    readOwnerPages: ownerPagesReader(store, (id) => id),
    feedAt: () => head,
    feedWanted: () => undefined,
    feedReady: () => Promise.resolve(true),
    ownsJob: () => Promise.resolve(false),
    readMetrics: () => Promise.resolve('{}'),
    clock: systemClock,
    random: Math.random,
    log,
    metrics: createMetrics({ defaults: false }),
    // The rate limit of sockets is off, because all sockets of the bench come from one address.
    limits: { socket: () => Promise.resolve(null), refused: () => undefined },
    socketsPerAddressMax: Number.MAX_SAFE_INTEGER,
  });
  const server = createServer();
  server.on('upgrade', (request, socket, upgraded) => live.upgrade(request, socket, upgraded));
  const port = await listening(server);
  return {
    port,
    jobs: () => Promise.resolve(),
    update: (owner) => {
      position += 100n;
      live.changed([rowFor(owner, position)], position);
    },
    stop: async () => {
      await live.stop(0);
      server.close();
      await store.close();
      await postgres.stop();
    },
  };
}

async function bare(): Promise<Serving> {
  const who = identity();
  const byOwner = new Map<string, WebSocket>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: LIVE_LIMITS.frameBytesMax,
    perMessageDeflate: false,
    handleProtocols: () => LIVE_PROTOCOL,
  });
  const token = 'A'.repeat(55);
  const server = createServer();
  server.on('upgrade', (request, socket, upgraded) => {
    const owner = who.ownerOfUpgrade(request);
    if (owner === null) return void socket.destroy();
    sockets.handleUpgrade(request, socket, upgraded, (opened) => {
      byOwner.set(owner, opened);
      opened.on('error', () => undefined);
      opened.on('close', () => byOwner.delete(owner));
      opened.on('message', (message: Buffer) => {
        const { type, id } = JSON.parse(message.toString()) as { type: string; id?: number };
        if (type === 'hello') opened.send(JSON.stringify({ type: 'welcome', protocol: LIVE_PROTOCOL }));
        if (type === 'subscribe')
          opened.send(JSON.stringify({ type: 'snapshot', id, rows: [], more: false, token }));
      });
    });
  });
  const port = await listening(server);
  let position = 0n;
  return {
    port,
    jobs: () => Promise.resolve(),
    update: (owner) => {
      position += 100n;
      const { json } = rowFor(owner, position);
      byOwner
        .get(owner)
        ?.send(`{"type":"delta","id":1,"rows":[${json}],"previous":"${token}","token":"${token}"}`);
    },
    stop: () => {
      for (const socket of byOwner.values()) socket.terminate();
      server.close();
      return Promise.resolve();
    },
  };
}

function identity(): Identity {
  const settings = { ...loadSettings({ NODE_ENV: 'test' }), PORT: 0 };
  return createIdentity({ settings, secrets: SECRETS, clock: systemClock });
}

function listening(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', 4_096, () => resolve((server.address() as AddressInfo).port)),
  );
}

/** Starts one update every `1000 / perSecond` ms, whether the previous update has ended or not. */
function updating(
  serving: Serving,
  { owners, perSecond, forMs }: Extract<Ask, { ask: 'update' }>,
): Promise<void> {
  const gapMs = 1_000 / perSecond;
  const startedAt = performance.now();
  let started = 0;
  let last: Promise<unknown> = Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      while (started * gapMs < performance.now() - startedAt && started * gapMs < forMs) {
        const owner = owners[Math.floor(Math.random() * owners.length)]!;
        started += 1;
        last = last.then(() => serving.update(owner));
      }
      if (started * gapMs < forMs) return;
      clearInterval(timer);
      last.then(() => resolve(), reject);
    }, 1);
  });
}

/** Returns the resident bytes after a full garbage collection. */
async function resident(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return process.memoryUsage().rss;
}

const KINDS = { docket, 'fan-out': fanOut, bare };
const serving = await KINDS[process.argv[2] as keyof typeof KINDS]();
process.send?.({ port: serving.port });
process.on('message', (asked: Ask) => {
  void (async () => {
    if (asked.ask === 'memory') process.send?.({ bytes: await resident() });
    if (asked.ask === 'jobs') process.send?.({ done: await serving.jobs(asked.owners).then(() => true) });
    if (asked.ask === 'update') process.send?.({ done: await updating(serving, asked).then(() => true) });
    if (asked.ask !== 'stop') return;
    await serving.stop();
    process.disconnect();
  })();
});
