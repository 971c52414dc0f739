import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldBatch, understandBatch } from '../../read-store/projection-engine/fold-batch.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { merged, summed, type Values } from '../../read-store/projection-engine/table.ts';
import { jobsProjection } from '../jobs/jobs-projection.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { jobHistories, randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import { EVER, figuresTable } from '../../read-tables/dashboard/figures-table.ts';
import { dashboardProjection } from './dashboard-projection.ts';
import { streamsTable, type CountedStream } from '../../read-tables/dashboard/streams-table.ts';

/**
 * Folds the batches into maps, as Postgres would hold the rows. Between batches the rows are converted to columns and
 * back.
 */
function countInMaps(batches: readonly (readonly StoredEvent[])[]) {
  const rows = new Map<string, CountedStream>();
  const figures = new Map<string, Values>();
  const forgetful = (row: CountedStream): CountedStream => streamsTable.rowOf(recordOf(row));
  for (const batch of batches) {
    const { understood } = understandBatch(dashboardProjection, new Set(), batch);
    const folded = foldBatch(dashboardProjection, (key) => rows.get(key), understood, 'report');
    expect([folded.gaps, folded.quarantined]).toEqual([[], []]);
    const entries: Values[] = [];
    for (const { key, row, derived } of folded.changes.values()) {
      if (row) rows.set(key, forgetful(row));
      entries.push(...derived[0]!);
    }
    for (const values of summed(figuresTable, entries)) {
      const key = values.slice(0, figuresTable.keyColumns).join('|');
      const older = figures.get(key);
      figures.set(key, older ? merged(figuresTable, older, values) : values);
    }
  }
  return { rows, figures: new Map([...figures].map(([key, values]) => [key, Number(values.at(-1))])) };
}

/** A row as `select *` returns it. */
function recordOf(row: CountedStream): Record<string, unknown> {
  const values = streamsTable.valuesOf(row);
  const record = Object.fromEntries(streamsTable.columns.map(({ name }, index) => [name, values[index]]));
  const { active_since: since, source_bytes: source, result_bytes: result, revision } = record;
  return {
    ...record,
    active_since: typeof since === 'string' ? new Date(since) : null,
    source_bytes: source === null ? null : String(source),
    result_bytes: result === null ? null : String(result),
    revision: String(revision),
  };
}

function splitAt(items: readonly StoredEvent[], sizes: readonly number[]): StoredEvent[][] {
  const parts: StoredEvent[][] = [];
  for (let start = 0, turn = 0; start < items.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    parts.push(items.slice(start, start + size));
    start += size;
  }
  return parts;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

describe('the fold of projection dashboard', () => {
  it('counts the same however the events are split into batches, and whatever is forgotten between them', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, batchSizes) => {
        const events = jobHistories(12, seed);
        expect(countInMaps(splitAt(events, batchSizes)).figures).toEqual(countInMaps([events]).figures);
      }),
      { numRuns: 60 },
    );
  });

  it('counts an event once, however often it is delivered [R02.02]', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, batchSizes) => {
        const events = jobHistories(12, seed);
        const random = randomFrom(seed);
        const batches = splitAt(events, batchSizes);
        const again = batches.flatMap((batch, index) =>
          random() < 0.5
            ? [batch, batch]
            : [[...batch, ...batch], ...(index > 0 ? [batches[Math.floor(random() * index)]!] : [])],
        );
        expect(countInMaps(again)).toEqual(countInMaps(batches));
      }),
      { numRuns: 60 },
    );
  });

  it('has as many jobs in each state, and as many bytes, as the queue’s own tables', () => {
    const events = jobHistories(300, 7);
    const queue = queueOf(events);
    const { figures } = countInMaps([events]);
    const expected = new Map<string, number>();
    const add = (figure: string, value: number) => expected.set(figure, (expected.get(figure) ?? 0) + value);
    for (const { job } of queue.values()) {
      add(`jobs|${job.state === 'failed' ? `failed:${job.failure.code}` : job.state}`, 1);
      if (job.sourceBlobKey !== null) add('source_bytes|', job.bytes);
      if (job.state === 'ready') add('result_bytes|', job.conversion.result.bytes);
    }
    const standing = [...figures].flatMap(([key, value]) => {
      const [grain, start, figure, detail] = key.split('|');
      const stands = grain === 'ever' && start === EVER && /^(jobs|.*_bytes)$/.test(figure!);
      return stands && figure !== 'removed_bytes' && value !== 0
        ? [[`${figure}|${detail}`, value] as const]
        : [];
    });
    expect(new Map(standing)).toEqual(expected);
  });

  it('gives each figure the same sum by minutes, by quarters and in all', () => {
    const { figures } = countInMaps([jobHistories(100, 9)]);
    const sums = {
      minute: new Map<string, number>(),
      quarter: new Map<string, number>(),
      ever: new Map<string, number>(),
    };
    for (const [key, value] of figures) {
      const [grain, , figure, detail] = key.split('|');
      const of = sums[grain as keyof typeof sums];
      of.set(`${figure}|${detail}`, (of.get(`${figure}|${detail}`) ?? 0) + value);
    }
    expect(sums.minute).toEqual(sums.ever);
    expect(sums.quarter).toEqual(sums.ever);
    expect(sums.ever.get('submitted|')).toBeGreaterThan(100);
  });

  it('remembers since when an outcome is owed, and forgets it with the outcome', () => {
    const { rows } = countInMaps([jobHistories(300, 11)]);
    const active = new Set(['queued', 'converting', 'waiting']);
    for (const { job, activeSince } of rows.values())
      expect(activeSince !== null).toBe(active.has(job.state));
  });
});

function queueOf(events: readonly StoredEvent[]): Map<string, JobRow> {
  const { understood } = understandBatch(jobsProjection, new Set(), events);
  const { changes } = foldBatch(jobsProjection, () => undefined, understood, 'report');
  return new Map([...changes].flatMap(([key, { row }]) => (row ? [[key, row]] : [])));
}
