import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  appendTo,
  killedCopyOf,
  newDirectory,
  openSmallLog,
  setMetadata,
  submit,
  surveyOf,
  type LogForTest,
  type SurveyedEvent,
} from '../../tests/rooms/event-store-server/log-in-process.ts';

// Generous: hundreds of starts, each with its syncs, on a machine that may have much else to do.
jest.setTimeout(300_000);

const directories: string[] = [];
const tracked = (directory: string): string => {
  directories.push(directory);
  return directory;
};
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const STREAMS = 5;
const nameOf = (stream: number): string => `stream-${stream}`;
const NOW_MS = Date.now();

const onStream = { stream: fc.nat({ max: STREAMS - 1 }) };
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ ...onStream, does: fc.constant('append'), n: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...onStream,
      does: fc.constantFrom('$maxCount', '$tb'),
      n: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...onStream,
      does: fc.constantFrom('no-limits', 'delete', 'tombstone'),
      n: fc.constant(0),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(log: LogForTest, { stream, does, n }: Step): Promise<void> {
  const name = nameOf(stream);
  if (does === 'append') await appendTo(log, name, n, 150);
  else if (does === 'no-limits') await setMetadata(log, name, {});
  else if (does === 'delete' || does === 'tombstone')
    await submit(log, { kind: does, stream: Buffer.from(name) });
  else await setMetadata(log, name, { [does]: n });
}

interface Reads {
  readonly all: readonly SurveyedEvent[];
  /** What a reader of each stream gets, or why not. */
  readonly streams: Readonly<Record<string, readonly string[] | string>>;
  /** The revision of the last event that each stream has had. */
  readonly lasts: Readonly<Record<string, number>>;
  readonly newest: number;
}

function readsOf(log: LogForTest): Reads {
  const all = surveyOf(log);
  const streams: Record<string, string[] | string> = {};
  const lasts: Record<string, number> = {};
  for (let stream = 0; stream < STREAMS; stream += 1)
    for (const name of [nameOf(stream), `$$${nameOf(stream)}`]) {
      const window = log.view.windowOf(Buffer.from(name), NOW_MS);
      const reader = log.openReader();
      // Nothing describes a tombstoned stream any more, whether or not scavenge has been there.
      const isGone = log.view.windowOf(Buffer.from(nameOf(stream)), NOW_MS).kind === 'tombstoned';
      if (isGone && name.startsWith('$$')) continue;
      streams[name] =
        window.kind !== 'open'
          ? window.kind
          : Array.from({ length: window.last - window.first + 1 }, (_, place) =>
              reader.event(log.index.ordinalOf(window.stream, window.first + place)).toString('latin1'),
            );
      const number = log.index.streams.find(Buffer.from(name));
      if (!isGone) lasts[name] = number < 0 ? -1 : log.index.eventsOf(number) - 1;
    }

  return { all, streams, lasts, newest: log.head() };
}

/** Events of `$all` that a reader of their stream does not get, and that are not the last of their stream. */
function isExpired(reads: Reads, { stream, revision, id }: SurveyedEvent): boolean {
  const visible = reads.streams[stream];
  if (visible === undefined) return true;
  if (typeof visible !== 'string' && visible.some((event) => event.includes(id))) return false;
  return revision !== reads.lasts[stream] && revision <= Number.MAX_SAFE_INTEGER;
}

/** Everything is as it was, but for events that had expired. */
function expectSame(after: Reads, before: Reads): void {
  expect([after.streams, after.lasts, after.newest]).toEqual([before.streams, before.lasts, before.newest]);
  const left = new Set(after.all.map(({ id }) => id));
  expect(after.all).toEqual(before.all.filter(({ id }) => left.has(id)));
  for (const event of before.all) if (!left.has(event.id)) expect(isExpired(before, event)).toBe(true);
}

/** Copies the folder at some moment of a run, as a kill would leave it. */
async function killDuring(log: LogForTest, directory: string, turns: number): Promise<string> {
  const { report } = log.scavenge.start();
  let isOver = false;
  void report.then(() => (isOver = true));
  for (let turn = 0; turn < turns && !isOver; turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  const copy = tracked(killedCopyOf(directory));
  await report;
  return copy;
}

const bytesOf = (directory: string): number =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

describe('scavenge', () => {
  it('changes no read but for events that had expired, whenever it is killed and whatever is lost of the indexes', async () => {
    const chapter = fc.record({
      steps: fc.array(step, { minLength: 4, maxLength: 25 }),
      end: fc.constantFrom('scavenged', 'killed', 'scavenged twice'),
      turns: fc.nat({ max: 200 }),
      losesIndexes: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(chapter, { minLength: 1, maxLength: 4 }), async (chapters) => {
        let directory = tracked(newDirectory());
        let before: Reads | null = null;
        for (const { steps, end, turns, losesIndexes } of chapters) {
          const log = openSmallLog(directory);
          if (before !== null) expectSame(readsOf(log), before);
          for (const each of steps) await take(log, each);
          const written = readsOf(log);
          let left = directory;
          if (end === 'killed') left = await killDuring(log, directory, turns);
          else expect(await log.scavenge.start().report).toMatchObject({ outcome: 'done' });
          if (end === 'scavenged twice')
            expect(await log.scavenge.start().report).toMatchObject({ events: 0 });
          const now = readsOf(log);
          expectSame(now, written);
          // What is left of the expired is in the newest segment, or in the one before a newest without events.
          const newest = Math.max(...readdirSync(directory).map((name) => Number.parseInt(name, 10) || 0));
          for (const event of now.all)
            if (isExpired(now, event) && now.newest > newest) expect(event.position).toBeGreaterThan(newest);
          await log.close();
          expect([
            log.notices.filter((notice) => !notice.startsWith('Scavenge removed')),
            log.failures,
          ]).toEqual([[], []]);
          directory = left;
          before = end === 'killed' ? written : now;
          if (!losesIndexes) continue;
          for (const name of readdirSync(directory))
            if (name.endsWith('.index')) rmSync(join(directory, name));
        }
        const last = openSmallLog(directory);
        const read = readsOf(last);
        expectSame(read, before as Reads);
        // Streams go on at their revisions.
        for (const [stream, revision] of Object.entries(read.lasts)) {
          if (stream.startsWith('$') || read.streams[stream] === 'missing') continue;
          const expected = { kind: 'revision', revision } as const;
          const name = Buffer.from(stream);
          if (read.streams[stream] !== 'tombstoned')
            expect(await submit(last, { stream: name, expected })).toMatchObject({ kind: 'written' });
        }
        await last.close();
      }),
      { numRuns: 25 },
    );
  });

  it('frees the bytes of what expired, keeps every position, and touches no segment without it', async () => {
    const directory = tracked(newDirectory());
    const log = openSmallLog(directory);
    for (let n = 0; n < 20; n += 1) await appendTo(log, 'job-kept', 5);
    await setMetadata(log, 'counted', { $maxCount: 2 });
    for (let n = 0; n < 40; n += 1) await appendTo(log, 'counted', 5);
    await appendTo(log, 'job-kept', 5);
    const before = surveyOf(log);
    const bytesBefore = bytesOf(directory);
    const report = await log.scavenge.start().report;
    expect(report).toMatchObject({ outcome: 'done', reason: null });
    expect(report.rewritten).toBeLessThan(report.segments);
    expect(bytesBefore - bytesOf(directory)).toBe(report.bytesFreed);
    expect(bytesOf(directory)).toBeLessThan(0.45 * bytesBefore);
    const kept = before.filter(({ stream }) => stream === 'job-kept');
    const check = (each: LogForTest): void => {
      const after = surveyOf(each);
      expect(after.filter(({ stream }) => stream === 'job-kept')).toEqual(kept);
      expect(after.filter(({ stream }) => stream === 'counted').length).toBeLessThan(15);
      // A position whose event went stands for the next one there is.
      const gone = before.find(({ stream }) => stream === 'counted') as SurveyedEvent;
      expect(each.index.positionOf(each.index.ordinalAt(gone.position))).toBeGreaterThanOrEqual(
        gone.position,
      );
    };
    check(log);
    await log.close();
    for (let start = 0; start < 2; start += 1) {
      const again = openSmallLog(directory);
      check(again);
      expect(again.failures).toEqual([]);
      await again.close();
    }
  });

  it('begins once, is stopped by its id, and leaves nothing beside the segments', async () => {
    const directory = tracked(newDirectory());
    const log = openSmallLog(directory);
    await setMetadata(log, 'counted', { $maxCount: 1 });
    for (let n = 0; n < 60; n += 1) await appendTo(log, 'counted', 5);
    const first = log.scavenge.start();
    const second = log.scavenge.start();
    expect([first.isNew, second.isNew, second.id]).toEqual([true, false, first.id]);
    expect(log.scavenge.stop('another')).toBe(false);
    expect(log.scavenge.stop(first.id)).toBe(true);
    expect(await first.report).toMatchObject({ outcome: 'stopped' });
    expect(readdirSync(directory).filter((name) => name.endsWith('.packed'))).toEqual([]);
    const closing = log.scavenge.start();
    await log.close();
    expect(await closing.report).toMatchObject({ outcome: 'stopped' });
  });
});
