import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { emptyQueue, withQuery, withRows, type QueueState } from './queue-state.ts';
import { PLAIN_QUERY, readQuery, SORT_COLUMNS, writeQuery, type QueueQuery } from './queue-query.ts';
import { buildView } from './queue-view.ts';
import { STATES } from './states.ts';

const job = fc.record({
  jobId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  filename: fc.constantFrom('Fatura 1.pdf', 'fatura 2.pdf', 'fatura 10.pdf', 'Ação.pdf', 'acao.pdf'),
  state: fc.constantFrom(...STATES),
  bytes: fc.nat(3),
  createdAt: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'),
  updatedAt: fc.constantFrom('2026-01-03T00:00:00.000Z', '2026-01-04T00:00:00.000Z'),
  revision: fc.nat(30),
}) as unknown as fc.Arbitrary<JobView>;

const query: fc.Arbitrary<QueueQuery> = fc.record({
  states: fc.subarray([...STATES]),
  search: fc.constantFrom('', 'fatura', 'AÇÃO', '10', 'nothing'),
  sort: fc.record({ column: fc.constantFrom(...SORT_COLUMNS), descending: fc.boolean() }),
});

describe('the view of the queue', () => {
  it('patched by any changes is what it would be built from all jobs', () => {
    fc.assert(
      fc.property(query, fc.array(fc.array(job, { maxLength: 3 }), { maxLength: 20 }), (wanted, frames) => {
        let state: QueueState = emptyQueue(wanted);
        for (const rows of frames) {
          state = withRows(state, rows);
          expect(state.view).toEqual(buildView(state.jobs.values(), wanted));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds each job once, at the highest revision that came in', () => {
    fc.assert(
      fc.property(fc.array(job, { maxLength: 40 }), (rows) => {
        const state = withRows(emptyQueue(PLAIN_QUERY), rows);
        const highest = new Map<string, number>();
        for (const { jobId, revision } of rows)
          highest.set(jobId, Math.max(highest.get(jobId) ?? 0, revision));
        expect(new Map(state.view.rows.map(({ jobId, revision }) => [jobId, revision]))).toEqual(highest);
      }),
    );
  });

  it('finds names whatever their case and accents, and orders numbers as numbers', () => {
    const rows = ['Fatura 10.pdf', 'fatura 9.pdf', 'Relação.pdf'].map(
      (filename, index) =>
        ({ jobId: String(index), filename, state: 'ready', revision: 0, bytes: 1 }) as JobView,
    );
    const byName = { ...PLAIN_QUERY, sort: { column: 'filename', descending: false } } as const;
    const state = withRows(emptyQueue(byName), rows);
    expect(state.view.rows.map(({ filename }) => filename)).toEqual([
      'fatura 9.pdf',
      'Fatura 10.pdf',
      'Relação.pdf',
    ]);
    expect(withQuery(state, { ...byName, search: 'RELACAO' }).view.rows).toHaveLength(1);
  });

  it('survives the way through the address', () => {
    fc.assert(fc.property(query, (wanted) => expect(readQuery(writeQuery(wanted))).toEqual(wanted)));
    expect(writeQuery(PLAIN_QUERY)).toBe('');
    expect(readQuery('?state=nonsense,ready&sort=-colour')).toEqual({ ...PLAIN_QUERY, states: ['ready'] });
  });
});
