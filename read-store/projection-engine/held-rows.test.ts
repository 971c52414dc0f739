import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobHistories } from '../../tests/rooms/projector/job-histories.ts';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { foldBatch, understandBatch } from './fold-batch.ts';
import { holdRows } from './held-rows.ts';
import type { Values } from './table.ts';

const derivedNames = jobsProjection.derived.map(({ name }) => name);

it('rows that are held batch by batch are those that one fold of everything makes, however the batches are cut', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 40 }), (seed, batchEvents) => {
      const { understood } = understandBatch(jobsProjection, new Set(), jobHistories(8, seed));
      const held = holdRows(jobsProjection);
      const found = new Map<string, Values[]>(derivedNames.map((name) => [name, []]));
      const add = (derived: number, values: Values) => found.get(derivedNames[derived]!)!.push(values);
      for (let start = 0; start < understood.length; start += batchEvents) {
        const batch = understood.slice(start, start + batchEvents);
        held.take(foldBatch(jobsProjection, held.rows.get, batch, 'accept').changes.values(), add);
      }
      for (const { table, rows } of held.all()) found.set(table.name, [...rows]);

      const whole = [...foldBatch(jobsProjection, () => undefined, understood, 'accept').changes.values()];
      const wanted = new Map([['jobs', whole.map(({ row }) => jobsProjection.rows.valuesOf(row!))]]);
      for (const [index, name] of derivedNames.entries())
        wanted.set(
          name,
          whole.flatMap(({ derived }) => derived[index]!),
        );
      for (const [name, rows] of wanted)
        expect({ name, rows: inOrder(found.get(name)!) }).toEqual({ name, rows: inOrder(rows) });
      expect(held.size()).toBe(found.get('jobs')!.length + found.get('job_artifacts')!.length);
    }),
    { numRuns: 60 },
  );
});

function inOrder(rows: readonly Values[]): string[] {
  return rows.map((values) => values.map(String).join('|')).sort();
}
