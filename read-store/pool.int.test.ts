import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { createLog } from '../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../tests/harness/postgres.ts';
import { readStoreError, ReadStoreUnavailable } from './read-store-errors.ts';
import { openReadStore, type ReadStore } from './pool.ts';

let postgres: TestPostgres;
const log = createLog('test', 'silent');
const open = (url: string, timeoutMs = 2_000, poolMax = 2) => openReadStore({ url, poolMax, timeoutMs, log });
let store: ReadStore;

beforeAll(async () => {
  postgres = await startTestPostgres();
  store = open(postgres.url);
  await store.query('create table kept (n int primary key)');
});
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

describe('the read store', () => {
  it('commits what a transaction did, and nothing of one that threw', async () => {
    await store.transaction((within) => within.query('insert into kept values (1)'));
    await expect(
      store.transaction(async (within) => {
        await within.query('insert into kept values (2)');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect((await store.query('select n from kept')).rows).toEqual([{ n: 1 }]);
  });

  it('tells a refused statement from an outage', async () => {
    await expect(store.query('insert into kept values (1)')).rejects.toMatchObject({ code: '23505' });
    await expect(store.query('select nothing_of_this_name')).rejects.toMatchObject({ code: '42703' });
  });

  it('survives the loss of every connection and says that it was unavailable', async () => {
    const cut = store.transaction(async (within) => {
      await within.query('insert into kept values (3)');
      const admin = open(postgres.url);
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and usename = current_user',
      );
      await admin.close();
      await within.query('select 1');
    });
    await expect(cut).rejects.toBeInstanceOf(ReadStoreUnavailable);
    expect((await store.query('select n from kept')).rows).toEqual([{ n: 1 }]);
  });

  it('calls a socket that is away an outage, and one that this user may not open a matter for a person', async () => {
    const away = open('postgres://docket:x@localhost/docket?host=/nowhere');
    await expect(away.query('select 1')).rejects.toMatchObject({
      code: 'READ_STORE_UNAVAILABLE',
      final: false,
      message: expect.stringContaining('nobody listens at /nowhere/.s.PGSQL.5432'),
    });
    await away.close();
    const refused = Object.assign(new Error('connect EACCES /a b/.s.PGSQL.5432'), {
      code: 'EACCES',
      syscall: 'connect',
    });
    expect(readStoreError(refused)).toMatchObject({ code: 'READ_STORE_UNAVAILABLE', final: true });
  });

  it('gives up on a silent statement in time, and the next one does not get its answer', async () => {
    const impatient = open(postgres.url, 200, 1);
    await expect(impatient.query(`select pg_sleep(1), 'late'`)).rejects.toBeInstanceOf(ReadStoreUnavailable);
    await expect(impatient.transaction((within) => within.query('select pg_sleep(1)'))).rejects.toMatchObject(
      {
        code: 'READ_STORE_UNAVAILABLE',
        retryable: true,
      },
    );
    expect((await impatient.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await impatient.close();
  });

  it('says that it is unavailable when nobody listens, and when a server accepts and says nothing', async () => {
    const silent: Server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const towardsSilence = open(`postgres://x@127.0.0.1:${port}/x`, 200);
    await expect(towardsSilence.query('select 1')).rejects.toBeInstanceOf(ReadStoreUnavailable);
    await towardsSilence.close();
    await new Promise((resolve) => silent.close(resolve));
    const towardsNobody = open(`postgres://x@127.0.0.1:${port}/x`, 200);
    await expect(towardsNobody.query('select 1')).rejects.toBeInstanceOf(ReadStoreUnavailable);
    await expect(towardsNobody.transaction(async () => 1)).rejects.toBeInstanceOf(ReadStoreUnavailable);
    await towardsNobody.close();
  });

  it('waits a bounded time for a free connection', async () => {
    const narrow = open(postgres.url, 300, 1);
    await narrow.transaction(async () => {
      await expect(narrow.query('select 1')).rejects.toBeInstanceOf(ReadStoreUnavailable);
    });
    await narrow.close();
  });
});
