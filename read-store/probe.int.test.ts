import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createLog } from '../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../tests/harness/postgres.ts';
import { areValuesRefused } from './projection-engine/projection-errors.ts';
import { openReadStore } from './pool.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres({ port: 0 });
  await asAdmin(
    `create database latin template template0 encoding 'LATIN1' locale_provider libc lc_collate 'C' lc_ctype 'C'`,
  );
});
afterAll(() => postgres.stop());

async function asAdmin(statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  await admin.query(statement).finally(() => admin.end());
}

/** Connects as the analysts' role, which may only read. */
function beAnalyst(url: URL): void {
  const { username, password } = new URL(postgres.analystUrl);
  url.username = username;
  url.password = password;
  // Transactions of the role are read-only by default, which the probe reports as another fault. This option turns that
  // off.
  url.searchParams.set('options', '-c default_transaction_read_only=off');
}

/** The result of the probe for an address that `change` has edited. */
async function found(change: (url: URL) => void, purpose: 'reading' | 'writing' = 'writing') {
  const url = new URL(postgres.url);
  change(url);
  const log = createLog('test', 'silent');
  const store = openReadStore({ url: url.href, poolMax: 1, timeoutMs: 3_000, log });
  try {
    return await store.probe(purpose).then(
      () => 'serves',
      ({ final, message }: { final: boolean; message: string }) => ({ final, message }),
    );
  } finally {
    await store.close();
  }
}

describe('the probe of a Postgres', () => {
  it('finds that a good one serves', async () => {
    expect(await found(() => undefined)).toBe('serves');
  });

  it.each<[string, (url: URL) => void, RegExp, boolean]>([
    ['not in UTF8', (url) => (url.pathname = '/latin'), /latin is encoded in LATIN1/, true],
    ['a role without the right', (url) => beAnalyst(url), /may not create schemas/, true],
    ['no such database', (url) => (url.pathname = '/nowhere'), /"nowhere" does not exist/, true],
    ['no such role', (url) => (url.username = 'nobody_known'), /nobody_known/, true],
    ['no TLS where it is asked for', (url) => url.searchParams.set('sslmode', 'verify-full'), /SSL/, true],
    [
      'read-only',
      (url) => url.searchParams.set('options', '-c default_transaction_read_only=on'),
      /takes no writes/,
      false,
    ],
    ['nobody there', (url) => (url.port = '1'), /nobody listens at 127\.0\.0\.1:1/, false],
  ])('names what is wrong: %s', async (_what, change, words, final) => {
    const refusal = await found(change);
    expect(refusal).toMatchObject({ final, message: expect.stringMatching(words) as unknown });
  });

  it('takes one that is read-only for reading', async () => {
    const readOnly = (url: URL) => url.searchParams.set('options', '-c default_transaction_read_only=on');
    expect(await found(readOnly, 'reading')).toBe('serves');
  });
});

it('a value that is too large for its index is refused for good, as other values are', async () => {
  await asAdmin('create table wide (name text); create index on wide (name)');

  const insert = `insert into wide select string_agg(md5(random()::text), '') from generate_series(1, 400)`;
  await expect(asAdmin(insert)).rejects.toMatchObject({ code: '54000' });
  expect(await asAdmin(insert).catch(areValuesRefused)).toBe(true);
});
