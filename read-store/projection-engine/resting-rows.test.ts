import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobHistories } from '../../tests/rooms/projector/job-histories.ts';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { copyLine, recordOfLine, valuesOfLine } from './copy-text.ts';
import { foldBatch, understandBatch } from './fold-batch.ts';
import { restingRows } from './resting-rows.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\\N', '\\', '\t', '\n', '\r', 'a\\tb', ''),
);

describe('a row that rests as a line of COPY', () => {
  it('has the values that it had, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.array(fc.option(text, { nil: null }), { minLength: 1 }), (values) => {
        expect(valuesOfLine(copyLine(values))).toEqual(values);
        expect(copyLine(values)).not.toMatch(/[\n\r]/);
      }),
    );
  });

  it('is the job that it was, in every state', () => {
    const states = new Set<string>();
    const foldAll = (rows: Map<string, JobRow>, seed: number) => {
      const { understood } = understandBatch(jobsProjection, new Set(), jobHistories(20, seed));
      for (const each of understood)
        for (const { row } of foldBatch(
          jobsProjection,
          (key) => rows.get(key),
          [each],
          'accept',
        ).changes.values()) {
          const line = copyLine(jobsProjection.rows.valuesOf(row!));
          expect(jobsProjection.rows.rowOf(recordOfLine(jobsProjection.rows, line))).toEqual(row);
          rows.set(each.key, row!);
          states.add(row!.job.state);
        }
    };
    for (let seed = 1; seed <= 10; seed += 1) foldAll(new Map(), seed);
    expect(states.size).toBe(7);
  });
});

it('rows that rest are what a map would hold, in whatever order they are changed and asked for', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 12 }),
    value: fc.option(fc.integer(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 6 }), (steps, awakeMax) => {
      const rows = restingRows<number>({ textOf: String, valueOf: Number }, awakeMax);
      const model = new Map<string, number | undefined>();
      for (const { key, value } of steps) {
        rows.set(String(key), value);
        model.set(String(key), value);
        for (let other = 0; other <= 13; other += 1) {
          expect(rows.get(String(other))).toBe(model.get(String(other)));
          expect(rows.has(String(other))).toBe(model.has(String(other)));
        }
        expect(rows.size()).toBeGreaterThanOrEqual(model.size);
      }
      const values = [...model.values()].filter((value) => value !== undefined);
      expect([...rows.texts()].sort()).toEqual(values.map(String).sort());
    }),
  );
});
