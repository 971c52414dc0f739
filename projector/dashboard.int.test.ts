import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  appendHistories,
  eventually,
  lastFollowed,
  log,
  logger,
  readBack,
  start,
  store,
  url,
  useWorld,
} from '../tests/harness/projector-world.ts';
import { migrateReadTables } from '../read-tables/migrate.ts';
import type { ReadStore } from '../read-store/pool.ts';
import { readCheckpoint } from '../read-store/projection-engine/checkpoint.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import { GATEWAY_STREAM, REJECTED_UPLOADS_STREAM } from '../schemas/events/streams.ts';
import { rebuildProjections } from './rebuild.ts';
import { projectionNamed } from './registry.ts';
import { DASHBOARD_TARGET } from './targets.ts';
import { dyingStore } from '../tests/rooms/projector/dying-store.ts';

useWorld();

const dashboard = projectionNamed('dashboard')!;
const verify = () => dashboard.verify({ log, store });

async function counted(): Promise<void> {
  const head = await lastFollowed();
  await eventually(async () =>
    expect((await readCheckpoint(store, DASHBOARD_TARGET)) ?? -1n).toBeGreaterThanOrEqual(head),
  );
}

async function appendService(stream: string, type: string, data: object): Promise<void> {
  const last = await log.readLast(stream);
  const metadata = { correlationId: 'test', causationId: 'test', actor: 'system', schemaVersion: 1 };
  const event = { id: randomUUID(), type, metadata, data: { at: new Date().toISOString(), ...data } };
  await log.append(stream, [event], last === null ? 'no_stream' : last.revision);
}

describe('the dashboard', () => {
  it('counts every event of the log once, live and from the start, and verify finds what was changed by hand', async () => {
    await appendHistories(40, 201);
    await start();
    await counted();
    await appendService(GATEWAY_STREAM, 'GatewayPaused', {
      processorId: 'one',
      failures: 5,
      lastCode: 'GW_5XX',
    });
    const refused = { owner: 'anna', code: 'NOT_PDF', filename: 'a.txt', bytes: 3, reason: 'no header' };
    await appendService(REJECTED_UPLOADS_STREAM, 'UploadRejected', refused);
    await appendHistories(40, 202);
    await counted();
    const { differences, checked } = await verify();
    expect(differences).toEqual([]);
    expect(checked).toBeGreaterThanOrEqual(82);
    const { rows } = await store.query(
      `select processor_id, opened from docket.dashboard_breaker order by revision desc limit 1`,
    );
    expect(rows).toEqual([{ processor_id: 'one', opened: true }]);
    await store.query(
      `update docket.dashboard_figures set value = value + 1
       where grain = 'ever' and figure = 'submitted'`,
    );
    expect((await verify()).differences).toMatchObject([{ kind: 'figure differs' }]);
  });

  it('killed before or after a commit, counts neither twice nor never [D11]', async () => {
    await migrateReadTables(url);
    const events = await readBack(await appendHistories(40, 203));
    const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
    const writerOn = async (on: ReadStore) => {
      const fencingEpoch = await takeLease(store, DASHBOARD_TARGET, 'test');
      return dashboard.openWriter({
        store: on,
        target: DASHBOARD_TARGET,
        readMissing,
        fencingEpoch: fencingEpoch!,
      });
    };
    for (const killed of ['before the commit', 'after the commit'] as const) {
      const dying = dyingStore(store, killed);
      for (const half of [events.slice(0, 90), events.slice(60)]) {
        await expect((await writerOn(dying)).apply(half, half.at(-1)!.position)).rejects.toThrow('killed');
        await (await writerOn(store)).apply(half, half.at(-1)!.position);
      }
    }
    const { rows } = await store.query<{ figure: string; value: string }>(
      `select figure, sum(value) as value from docket.dashboard_figures
       where grain = 'minute' and figure in ('submitted', 'downloads') group by 1 order by 1`,
    );
    const of = (type: string) => String(events.filter((event) => event.type === type).length);
    expect(rows).toEqual([
      { figure: 'downloads', value: of('ResultDownloaded') },
      { figure: 'submitted', value: of('ConversionRequested') },
    ]);
  });

  it('rebuilt while events arrive is the same as counted live', async () => {
    await start();
    await appendHistories(40, 204);
    await counted();
    const rebuilding = rebuildProjections({ projections: [dashboard], log, url, logger });
    await appendHistories(20, 205);
    await rebuilding;
    await appendHistories(20, 206);
    await counted();
    expect((await verify()).differences).toEqual([]);
  });
});
