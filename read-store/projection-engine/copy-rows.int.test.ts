import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { JOBS_TABLES } from '../../read-tables/tables.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { jobHistories } from '../../tests/rooms/projector/job-histories.ts';
import { openReadStore, type ReadStore } from '../pool.ts';
import { copyIntoTable, copyLines, linesOf } from './copy-rows.ts';
import { foldBatch, understandBatch } from './fold-batch.ts';
import type { Values } from './table.ts';

let postgres: TestPostgres;
let store: ReadStore;
beforeAll(async () => {
  postgres = await startTestPostgres();
  store = openReadStore({
    url: postgres.url,
    poolMax: 1,
    timeoutMs: 10_000,
    log: createLog('test', 'silent'),
  });
  await store.query('create table public.texts (at integer, text text)');
}, 60_000);
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

const TEXTS = {
  name: 'texts',
  columns: [{ name: 'at', type: 'integer' } as const, { name: 'text', type: 'text' } as const],
};
const PUBLIC_TEXTS = { schema: 'public', table: TEXTS };
/** The texts that Postgres accepts: anything without NUL and without halves of surrogate pairs. */
const text = fc
  .oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\\N', '\\.', '\\', '\t', '\n', '\r', 'a\\tb', ''))
  .map((any) => any.replaceAll('\0', '').toWellFormed());

describe('rows written by COPY', () => {
  it('have the values that they had, whatever stands in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text, { nil: null }), { maxLength: 50 }), async (values) => {
        await store.query('truncate public.texts');
        const rows = values.map((value, index): Values => [index, value]);
        await store.transaction((within) => copyIntoTable(within, PUBLIC_TEXTS, linesOf(rows)));
        const found = await store.query<{ text: string | null }>('select text from public.texts order by at');
        expect(found.rows.map((row) => row.text)).toEqual(values);
      }),
      { numRuns: 50 },
    );
  });

  it('are whole across the pieces that they are sent in, and beyond a piece', async () => {
    await store.query('truncate public.texts');
    const lines = copyLines();
    const texts = Array.from({ length: 3_000 }, (_, index) => 'çã'.repeat(index % 700));
    texts.push('long '.repeat(200_000));
    for (const [index, value] of texts.entries()) lines.add([index, value]);
    const waiting = lines.bytes();
    const chunks = lines.take();
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(waiting);
    expect([lines.bytes(), lines.take()]).toEqual([0, []]);
    await store.transaction((within) => copyIntoTable(within, PUBLIC_TEXTS, chunks));
    const found = await store.query<{ text: string }>('select text from public.texts order by at');
    expect(found.rows.map((row) => row.text)).toEqual(texts);
  });

  it('are the jobs that they were, in every state', async () => {
    await store.query(JOBS_TABLES.create('copied'));
    const states = new Set<string>();
    for (let seed = 1; seed <= 10; seed += 1) {
      const { understood } = understandBatch(jobsProjection, new Set(), jobHistories(20, seed));
      const rows = new Map<string, JobRow>();
      for (const each of understood) {
        const { changes } = foldBatch(jobsProjection, (key) => rows.get(key), [each], 'accept');
        for (const { row } of changes.values()) rows.set(each.key, row!);
        const state = rows.get(each.key)!.job.state;
        if (states.has(state) && seed > 1) continue;
        states.add(state);
        await store.query('truncate copied.jobs');
        const values = [...rows.values()].map((row) => jobsProjection.rows.valuesOf(row));
        await store.transaction((within) =>
          copyIntoTable(within, { schema: 'copied', table: jobsProjection.rows }, linesOf(values)),
        );
        const found = await store.query<Record<string, unknown> & { job_id: string }>(
          'select * from copied.jobs',
        );
        const read = found.rows.map((record) => [record.job_id, jobsProjection.rows.rowOf(record)] as const);
        expect(new Map(read)).toEqual(rows);
      }
    }
    expect(states.size).toBe(7);
  });
});
