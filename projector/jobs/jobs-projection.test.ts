import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '../../conversion-job/evolve.ts';
import { foldBatch, understandBatch } from '../../read-store/projection-engine/fold-batch.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { merged, type Table, type Values } from '../../read-store/projection-engine/table.ts';
import { understandEvent } from '../../schemas/events/event-versions.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobHistories, randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import { jobsProjection } from './jobs-projection.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';

const keyOfValues = (table: Table, values: Values) => values.slice(0, table.keyColumns).join();

/** Folds the batches into maps, which hold what Postgres would hold. */
function foldIntoMaps(batches: readonly (readonly StoredEvent[])[]) {
  const rows = new Map<string, JobRow>();
  const derived = jobsProjection.derived.map(() => new Map<string, Values>());
  const held = new Set<string>();
  for (const batch of batches) {
    const { understood, quarantined } = understandBatch(jobsProjection, held, batch);
    const folded = foldBatch(jobsProjection, (key) => rows.get(key), understood, 'report');
    expect(folded.gaps).toEqual([]);
    for (const { recorded } of [...quarantined, ...folded.quarantined]) held.add(recorded.stream);
    for (const change of folded.changes.values()) {
      if (change.row) rows.set(change.key, change.row);
      for (const [index, table] of jobsProjection.derived.entries())
        for (const values of change.derived[index]!) {
          const key = keyOfValues(table, values);
          const older = derived[index]!.get(key);
          if (!older) derived[index]!.set(key, values);
          else if (table.writes === 'replace') derived[index]!.set(key, merged(table, older, values));
        }
    }
  }
  return { rows, derived, held };
}

function splitAt<Item>(items: readonly Item[], sizes: readonly number[]): Item[][] {
  const parts: Item[][] = [];
  for (let start = 0, turn = 0; start < items.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    parts.push(items.slice(start, start + size));
    start += size;
  }
  return parts;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

describe('the fold of projection jobs', () => {
  it('gives the same tables however the events are split into batches', () => {
    fc.assert(
      fc.property(seeds, sizes, (seed, batchSizes) => {
        const events = jobHistories(12, seed);
        expect(foldIntoMaps(splitAt(events, batchSizes))).toEqual(foldIntoMaps([events]));
      }),
      { numRuns: 60 },
    );
  });

  it('is not changed by events that are delivered again [R02.02]', () => {
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
        expect(foldIntoMaps(again)).toEqual(foldIntoMaps([events]));
      }),
      { numRuns: 60 },
    );
  });

  it("shows exactly the decider's fold of every stream", () => {
    const events = jobHistories(200, 7);
    const { rows } = foldIntoMaps([events]);
    const streams = Map.groupBy(events, ({ stream }) => stream);
    expect(rows.size).toBe(streams.size);
    for (const stream of streams.values()) {
      const job = fold(
        stream.map((one) => ({ event: understandEvent(one) as JobEvent, revision: one.revision })),
      );
      expect(rows.get((job as { jobId: string }).jobId)?.job).toEqual(job);
    }
  });

  it('reaches every state in the histories that these tests use', () => {
    const { rows } = foldIntoMaps([jobHistories(500, 3)]);
    const states = new Set([...rows.values()].map(({ job }) => job.state));
    expect([...states].sort()).toEqual(['cancelled', 'expired', 'failed', 'queued', 'ready', 'waiting']);
  });

  it('names a gap in a stream and folds nothing beyond it', () => {
    const events = jobHistories(1, 11);
    const holed = events.filter(({ revision }) => revision !== 1n);
    const { understood } = understandBatch(jobsProjection, new Set(), holed);
    const folded = foldBatch(jobsProjection, () => undefined, understood, 'report');
    expect(folded.gaps).toEqual([{ stream: events[0]!.stream, from: 1n, to: 2n }]);
    expect([...folded.changes.values()].map(({ row }) => row?.revision)).toEqual([0n]);
  });

  it('shows no result of an attempt that had lost its lease', () => {
    const events = jobHistories(50, 1);
    const success = events.find(({ type }) => type === 'ConversionSucceeded');
    const stream = events.filter((event) => event.stream === events[0]!.stream).slice(0, 2);
    const lost = { ...stream[1]!, type: 'ConversionSucceeded', data: success!.data, revision: 2n };
    const { derived, rows } = foldIntoMaps([[...stream, lost]]);
    expect([...rows.values()].map(({ job }) => job.state)).toEqual(['queued']);
    expect([...derived[1]!.values()].map(([, kind]) => kind)).toEqual(['source']);
    expect(derived[0]!.size).toBe(3);
  });

  it('holds a stream at the event it cannot read, and lets every other stream pass [D30]', () => {
    const events = jobHistories(6, 5);
    const poisoned = events[0]!.stream;
    const bad = events.map((event) =>
      event.stream === poisoned && event.revision === 1n ? { ...event, type: 'ConversionBlessed' } : event,
    );
    const { rows, held } = foldIntoMaps(splitAt(bad, [7]));
    const clean = foldIntoMaps([events]).rows;
    expect([...held]).toEqual([poisoned]);
    for (const [key, row] of clean)
      if (poisoned.endsWith(key)) expect(rows.get(key)?.revision).toBe(0n);
      else expect(rows.get(key)).toEqual(row);
  });
});
