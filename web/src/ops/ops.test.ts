import { describe, expect, it } from '@jest/globals';
import {
  DASHBOARD_RANGES_MIN,
  type DashboardAnswer,
  type DashboardBucket,
  type OpsMetrics,
} from '../../../schemas/protocols/dashboard-api.ts';
import { linePath, stackedBars, ticksOf } from './charts/scale.ts';
import { failuresOf, hasGap, inProgressOf, movedOn, sumOf } from './live-window.ts';
import { listQuery, RANGES_MIN, readOpsQuery, writeOpsQuery } from './ops-query.ts';
import { instantOf, localText } from './time-machine.tsx';

const START = Date.parse('2026-05-04T12:00:00.000Z');

function bucket(minute: number, figures: Partial<DashboardBucket> = {}): DashboardBucket {
  const [start, end] = [0, 1].map((add) => new Date(START + (minute + add) * 60_000).toISOString());
  const none = { submitted: 0, succeeded: 0, failed: 0, deferred: 0, abandoned: 0, cancelled: 0 };
  const others = { downloads: 0, rejected: 0, removedSources: 0, removedResults: 0, removedBytes: 0 };
  return { ...none, ...others, failedByCode: {}, latency: null, start: start!, end: end!, ...figures };
}

function answer(
  buckets: DashboardBucket[],
  window: Partial<DashboardAnswer['window']> = {},
): DashboardAnswer {
  return {
    past: false,
    buckets,
    window: { range: '15m', bucket: 'minute', zone: 'UTC', from: '', to: '', ...window },
  } as unknown as DashboardAnswer;
}

function metrics(recent: DashboardBucket[]): OpsMetrics {
  return { jobs: { total: 7 }, recent, at: '2026-05-04T12:20:00.000Z' } as unknown as OpsMetrics;
}

describe('the address of the console', () => {
  it('knows the windows that the server knows', () => {
    expect(RANGES_MIN).toEqual(DASHBOARD_RANGES_MIN);
  });

  it('keeps everything that is looked at, and leaves out what makes no sense', () => {
    const address =
      '?range=6h&zone=Europe/Lisbon&at=2026-05-04T12:00:00.000Z&state=failed,waiting&code=GW_5XX&search=a';
    const query = readOpsQuery(address, 'UTC');
    expect(query).toMatchObject({ range: '6h', zone: 'Europe/Lisbon', code: 'GW_5XX', search: 'a' });
    expect(readOpsQuery(writeOpsQuery(query), 'UTC')).toEqual(query);
    expect(readOpsQuery('?range=2y&zone=Nowhere/Land&at=soon&state=lost&code=<b>', 'UTC')).toEqual({
      range: '1h',
      zone: 'UTC',
      at: null,
      states: [],
      code: null,
      search: '',
    });
    expect(listQuery(query, 50, null)).toContain('asOf=2026-05-04T12%3A00%3A00.000Z');
  });

  it('reads a wall clock in its zone, over the changes of the hour too', () => {
    expect(localText('2026-07-01T12:00:00.000Z', 'Europe/Lisbon')).toBe('2026-07-01T13:00:00');
    for (const at of ['2026-01-05T23:59:59.000Z', '2026-07-01T00:00:00.000Z', '2026-03-29T01:30:00.000Z'])
      for (const zone of ['UTC', 'Europe/Lisbon', 'Asia/Kolkata', 'America/New_York'])
        expect([zone, instantOf(localText(at, zone), zone)]).toEqual([zone, at]);
    // This time occurs twice on the day when summer time ends. The first one counts.
    expect(instantOf('2026-10-25T01:30:00', 'Europe/Lisbon')).toBe('2026-10-25T00:30:00.000Z');
    // This time does not exist on the day when summer time begins.
    expect(instantOf('2026-03-29T01:30:00', 'Europe/Lisbon')).toBe('2026-03-29T01:30:00.000Z');
    expect(instantOf('tomorrow', 'UTC')).toBeNull();
  });
});

describe('a window that moves on', () => {
  it('takes in the running minute, lets the oldest go, and keeps its length', () => {
    const held = answer(Array.from({ length: 15 }, (_, minute) => bucket(minute)));
    const next = movedOn(held, metrics([bucket(14, { succeeded: 3 }), bucket(15, { failed: 1 })]));
    expect(next.buckets).toHaveLength(15);
    expect(next.buckets.slice(-2).map(({ succeeded, failed }) => [succeeded, failed])).toEqual([
      [3, 0],
      [0, 1],
    ]);
    expect(next.jobs.total).toBe(7);
    expect(hasGap(held, metrics([bucket(14), bucket(15)]))).toBe(false);
    expect(hasGap(held, metrics([bucket(20), bucket(21)]))).toBe(true);
  });

  it('stands still in the past, and keeps the buckets of longer windows', () => {
    const past = { ...answer([bucket(0)]), past: true };
    expect(movedOn(past, metrics([bucket(1)]))).toBe(past);
    const hours = movedOn(answer([bucket(0)], { bucket: 'hour' }), metrics([bucket(1)]));
    expect([hours.buckets.length, hours.jobs.total]).toEqual([1, 7]);
  });

  it('tells sums, failures by code, and the jobs in hand at every moment', () => {
    const buckets = [
      bucket(0, { submitted: 10, succeeded: 2, failed: 1, failedByCode: { GW_5XX: 1 } }),
      bucket(1, { submitted: 1, succeeded: 4, failed: 2, failedByCode: { GW_5XX: 1, GW_TIMEOUT: 1 } }),
      bucket(2, { cancelled: 1 }),
    ];
    expect(sumOf(buckets)).toMatchObject({ submitted: 11, succeeded: 6, failed: 3, cancelled: 1 });
    expect(failuresOf(buckets)).toEqual([
      { code: 'GW_5XX', count: 2 },
      { code: 'GW_TIMEOUT', count: 1 },
    ]);
    expect(inProgressOf(buckets, 1)).toEqual([7, 2, 1]);
  });
});

describe('a scale', () => {
  it.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [4, [0, 2, 4]],
    [37, [0, 20, 40]],
    [1_000, [0, 500, 1_000]],
  ])('up to %i is marked with whole, round values', (highest, ticks) => {
    expect(ticksOf(highest)).toEqual(ticks);
  });

  it('draws bars on top of one another and lines with gaps', () => {
    expect(
      stackedBars(
        [
          [2, 0],
          [1, 4],
        ],
        4,
        40,
      ),
    ).toEqual([
      { index: 0, series: 0, y: 20, height: 20 },
      { index: 0, series: 1, y: 10, height: 10 },
      { index: 1, series: 1, y: 0, height: 40 },
    ]);
    expect(linePath([1, 2, null, 4], 4, 40)).toBe('M0.5 30L1.5 20M3.5 0h0.01');
  });
});
