import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { startChangeFeed } from '../../query-api/change-feed/change-feed.ts';
import { checkedBytes } from '../../query-api/downloads/result-delivery.ts';
import { createDownloadLedger } from '../../query-api/downloads/download-ledger.ts';
import { jobView } from '../../query-api/tables/job-row.ts';
import { findOwnJob } from '../../query-api/downloads/own-job.ts';
import type { Bookmark } from '../../query-api/tokens/resume-token.ts';
import type { Page } from '../../query-api/change-feed/page.ts';
import type { TopicScope } from '../../query-api/change-feed/topic-scope.ts';
import { ReadStoreUnavailable } from '../../read-store/read-store-errors.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import { ask } from '../engine/network.ts';
import type { Life } from '../engine/world.ts';
import { RETRY_POLICY, silentLog, type Installation } from '../installation.ts';
import { simulatedBlobs } from '../ports/blob-store.ts';
import { simulatedLog } from '../ports/event-log.ts';
import { shownRow } from '../ports/table-server.ts';
import { openSession, type LiveSession, type Socket } from './live-session.ts';

export interface QueryApi {
  /** Connects a socket. Returns false while the server has not read the tables yet. */
  connect(socket: Socket, bookmark: Bookmark | null): boolean;
  /** Returns the bytes of the result, or null when this owner can download nothing. */
  download(owner: string, jobId: string, requestId: string): Promise<Buffer | null>;
}

/** Starts the read side without HTTP: the product's change feed, live protocol and download, on simulated ports. */
export function bootQueryApi(installation: Installation, life: Life): QueryApi {
  const { world, composition, tables, downloads } = installation;
  const sessions = new Set<LiveSession>();
  const asking = <T>(what: string, effect: () => T): Promise<T> => {
    const unavailable = (): Error => new ReadStoreUnavailable('no answer in time');
    return ask(world, life, { what: `tables: ${what}`, changes: false, effect, timeoutMs: 400, unavailable });
  };
  const readPage = (scope: TopicScope, past: bigint, rowsMax: number): Promise<Page> =>
    asking('read a page', () => pageOf(installation, scope, past, rowsMax));
  const head = {
    rows: () => [{ epoch: tables.epoch(), head: (tables.checkpoint() ?? -1n).toString() }],
  };
  // A statement reads only the head; `readPage` reads the rows.
  const store = {
    query: async () => ({ rows: await asking('read the head', head.rows), rowCount: 1 }),
  } as unknown as Queryable;
  const feed = startChangeFeed({
    store,
    readPage,
    log: silentLog,
    listener: {
      wanted: () => sessions.size > 0,
      changed: (rows, to) => {
        for (const session of sessions) {
          const own = rows.filter(({ owner }) => owner === session.socket.owner);
          if (own.length > 0) session.changed(own, to);
        }
      },
      switched: (at) => {
        for (const session of sessions) session.switched(at);
      },
    },
  });
  const listen = (): void =>
    tables.onceMoved(() => {
      if (!life.alive) return;
      listen();
      // A notification may be lost. The feed also polls.
      if (!world.random.chance(world.weather().lostRequest))
        life.inside.later(world.random.between(0.2, 5), () => feed.wake());
    });
  listen();

  const log = composition.log(
    simulatedLog(world, life, installation.log, composition.createRing),
    world.random,
  );
  const blobs = simulatedBlobs(world, life, installation.blobs);
  const ledger = createDownloadLedger({
    log,
    policy: RETRY_POLICY,
    clock: life.clock,
    logger: silentLog,
    metrics: createMetrics({ defaults: false }),
  });
  return {
    connect: (socket, bookmark) => {
      const at = feed.at();
      if (at === null) return false;
      const session = openSession(world, life, socket, {
        bookmark,
        since: at.position,
        closed: () => sessions.delete(session),
        read: async (past, rowsMax, phase) =>
          composition.page(await readPage({ kind: 'owner', owner: socket.owner }, past, rowsMax), phase),
      });
      sessions.add(session);
      return true;
    },
    download: async (owner, jobId, requestId) => {
      const job = await findOwnJob(log, RETRY_POLICY, owner, jobId);
      if (job?.state !== 'ready') return null;
      const { blobKey, bytes, sha256 } = job.conversion.result;
      const opened = await blobs.open(blobKey);
      const chunks: Buffer[] = [];
      for await (const chunk of checkedBytes(opened.stream, { blobKey, bytes, sha256 })) chunks.push(chunk);
      downloads.set(jobId, (downloads.get(jobId) ?? 0) + 1);
      ledger.record({ owner, jobId, bytes, requestId });
      return Buffer.concat(chunks);
    },
  };
}

const columnAt = (name: string): number =>
  jobsProjection.rows.columns.findIndex((column) => column.name === name);
const positionAt = columnAt('position');
const ownerAt = columnAt('owner');

function pageOf({ tables }: Installation, scope: TopicScope, past: bigint, rowsMax: number): Page {
  const found = [...tables.tables().rows.values()]
    .filter((values) => (values[positionAt] as bigint) > past)
    .filter((values) => scope.kind !== 'owner' || values[ownerAt] === scope.owner)
    .sort((a, b) => Number((a[positionAt] as bigint) - (b[positionAt] as bigint)));
  const rows = found.slice(0, rowsMax).map((values) => {
    const row = shownRow(values);
    const json = JSON.stringify(jobView(row, (id) => id));
    return { key: row.job_id, owner: row.owner, position: BigInt(row.position), json };
  });
  return { epoch: tables.epoch(), head: tables.checkpoint() ?? -1n, rows, more: found.length > rowsMax };
}
