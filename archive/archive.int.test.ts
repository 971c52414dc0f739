import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import { LogUnavailable } from '../event-store/errors.ts';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { sealed } from '../event-store/handle-command.ts';
import { systemClock } from '../runtime/clock.ts';
import { commandIdOf } from '../schemas/name-based-ids.ts';
import { isMisnamedJobStream, REJECTED_UPLOADS_STREAM } from '../schemas/events/streams.ts';
import { allEvents, appendJob, startStoreWithLog, type StoreWithLog } from '../tests/harness/job-log.ts';
import { poisonStreams } from '../tests/harness/poison.ts';
import { checkArchive } from './read-batch.ts';
import { exportEvents } from './export-events.ts';
import { importEvents } from './import-events.ts';
import { plainPlace, type Place } from './place.ts';

const JOBS = 20;
const BATCH_EVENTS = 17;

let source: StoreWithLog;
let scratch: string;
let folders = 0;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'docket-archive-'));
  source = await startStoreWithLog();
  await Promise.all(
    Array.from({ length: JOBS }, (_, number) =>
      appendJob(source.log, number, number % 5 ? 'ready' : 'failed'),
    ),
  );
  const context = { commandId: commandIdOf('rejected'), correlationId: 'r', actor: 'owner:owner-1' };
  const data = {
    at: '2026-10-01T12:00:00.000Z',
    owner: 'owner-1',
    code: 'NOT_PDF' as const,
    filename: 'a.txt',
    bytes: 3,
    reason: 'not a PDF',
  };
  await source.log.append(
    REJECTED_UPLOADS_STREAM,
    sealed([{ type: 'UploadRejected', data }], context),
    'no_stream',
  );
}, 60_000);
afterAll(async () => {
  await source.stop();
  await rm(scratch, { recursive: true, force: true });
});

const newFolder = (): string => {
  folders += 1;
  return join(scratch, `archive-${folders}`);
};
const placeAt = async (directory: string): Promise<Place> =>
  plainPlace(await openFilesystemBlobStore({ directory }));

async function exportAll(log: EventLog, directory: string, batchEventsMax = BATCH_EVENTS) {
  return exportEvents({ log, place: await placeAt(directory), clock: systemClock, batchEventsMax });
}

/** All that an import promises to keep: everything but the store's own clock and positions. */
const kept = (events: readonly RecordedEvent[]) =>
  events.map(({ position: _position, created: _created, ...rest }) => rest);

const byStream = (events: ReturnType<typeof kept>) =>
  [...events].sort((a, b) => a.stream.localeCompare(b.stream) || Number(a.revision - b.revision));

async function withStore(use: (target: StoreWithLog) => Promise<void>): Promise<void> {
  const target = await startStoreWithLog();
  try {
    await use(target);
  } finally {
    await target.stop();
  }
}

describe('export and import', () => {
  it('give the same events in the same order under the same ids, revisions and hashes; twice changes nothing', async () => {
    const directory = newFolder();
    const { manifest } = await exportAll(source.log, directory);
    const events = await allEvents(source.log);
    expect(manifest).toMatchObject({
      events: events.length,
      batches: Math.ceil(events.length / BATCH_EVENTS),
    });
    await withStore(async ({ log }) => {
      expect((await importEvents({ log, place: await placeAt(directory) })).skippedBatches).toBe(0);
      expect(kept(await allEvents(log))).toEqual(kept(events));
      const head = await log.head();
      await importEvents({ log, place: await placeAt(directory) });
      expect(await log.head()).toBe(head);
    });
  }, 60_000);

  it('go on after a cut: an export and an import that ended in the middle of a batch are finished by the next run', async () => {
    const directory = newFolder();
    const place = await placeAt(directory);
    const cutAt = (name: string): Place => ({
      ...place,
      write: (written, content) =>
        written === name ? Promise.reject(new Error('cut')) : place.write(written, content),
    });
    const clock = systemClock;
    const cut = { log: source.log, clock, batchEventsMax: BATCH_EVENTS, place: cutAt('batches/000004.json') };
    await expect(exportEvents(cut)).rejects.toThrow('cut');
    await expect(checkArchive(place)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    const { added, manifest } = await exportAll(source.log, directory, BATCH_EVENTS + 3);
    expect(added.events).toBe(manifest.events - 3 * BATCH_EVENTS);

    await withStore(async ({ log }) => {
      let appends = 0;
      const dying: EventLog = {
        ...log,
        append: (...args) => {
          appends += 1;
          return appends > 40 ? Promise.reject(new Error('cut')) : log.append(...args);
        },
      };
      await expect(importEvents({ log: dying, place })).rejects.toThrow('cut');
      const { skippedBatches } = await importEvents({ log, place });
      expect(skippedBatches).toBeGreaterThan(0);
      expect(kept(await allEvents(log))).toEqual(kept(await allEvents(source.log)));
    });
  }, 60_000);

  it('an import rides out a log that gives no answer, whether it took the append or not, and gives up in the end', async () => {
    const directory = newFolder();
    await exportAll(source.log, directory);
    const place = await placeAt(directory);
    await withStore(async ({ log }) => {
      let appends = 0;
      const unanswered = async (...args: Parameters<EventLog['append']>) => {
        appends += 1;
        if (appends % 7 === 3) await log.append(...args);
        if (appends % 7 === 3 || appends % 7 === 5) throw new LogUnavailable('appending');
        return log.append(...args);
      };
      await importEvents({ log: { ...log, append: unanswered }, place });
      expect(byStream(kept(await allEvents(log)))).toEqual(byStream(kept(await allEvents(source.log))));
    });
    await withStore(async ({ log }) => {
      const append = (): Promise<never> => Promise.reject(new LogUnavailable('appending'));
      const silent = { log: { ...log, append }, place, retryForMs: 700 };
      await expect(importEvents(silent)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
      const interrupted = { ...silent, retryForMs: 60_000, signal: AbortSignal.timeout(300) };
      await expect(importEvents(interrupted)).rejects.toMatchObject({ name: 'TimeoutError' });
    });
  }, 60_000);

  it('an export that is run again adds what is new, and refuses another log', async () => {
    await withStore(async ({ log }) => {
      const directory = newFolder();
      expect((await exportAll(log, directory)).manifest).toMatchObject({ batches: 0, events: 0, link: null });
      expect((await importEvents({ log, place: await placeAt(directory) })).events).toBe(0);
      await appendJob(log, 900);
      expect((await exportAll(log, directory)).added).toEqual({ batches: 1, events: 4 });
      await appendJob(log, 901);
      expect((await exportAll(log, directory)).added).toEqual({ batches: 1, events: 4 });
      expect((await exportAll(log, directory)).added).toEqual({ batches: 0, events: 0 });
      await expect(exportAll(source.log, directory)).rejects.toMatchObject({ code: 'HISTORIES_DIFFER' });
    });
  }, 60_000);

  it('an import brings in events that no job follows from, and names the stream of each with the reason', async () => {
    const directory = newFolder();
    const poisoned = poisonStreams();
    await withStore(async ({ log }) => {
      await appendJob(log, 1);
      for (const [stream, events] of poisoned) await log.append(stream, events, 'no_stream');
      await exportAll(log, directory);
    });
    await withStore(async ({ log }) => {
      const { events, unfit } = await importEvents({ log, place: await placeAt(directory) });
      expect(await allEvents(log)).toHaveLength(events);
      const whys = new Map(unfit.map(({ stream, why }) => [stream, why]));
      expect(whys.get('job-not-a-uuid')).toBe('the name of the stream is no job id');
      for (const [stream, [first]] of poisoned) {
        const isMisnamed = isMisnamedJobStream(stream);
        if (isMisnamed || first?.type === 'NeverHeardOf' || first?.type === 'DocumentUploaded')
          expect([stream, whys.get(stream)]).toEqual([stream, expect.stringMatching(/./)]);
      }
      expect([...whys.keys()].filter((stream) => !poisoned.has(stream))).toEqual([]);
    });
  }, 60_000);

  it('refuses a log that has other events, and names the stream', async () => {
    const directory = newFolder();
    await withStore(async ({ log }) => {
      await appendJob(log, 1, 'failed');
      await exportAll(log, directory);
    });
    await withStore(async ({ log }) => {
      await appendJob(log, 1, 'ready');
      await expect(importEvents({ log, place: await placeAt(directory) })).rejects.toMatchObject({
        code: 'HISTORIES_DIFFER',
        message: expect.stringMatching(/another event 0 of job-/),
      });
    });
  }, 60_000);
});

describe('a damaged archive is refused before anything of the damaged batch is appended', () => {
  const batch = 'batches/000002.jsonl';
  const lines = (text: string): string[] => text.trimEnd().split('\n');
  const rewritten =
    (name: string, change: (text: string) => string) =>
    async (directory: string): Promise<void> =>
      writeFile(join(directory, name), change(await readFile(join(directory, name), 'utf8')));
  const swapped = async (directory: string): Promise<void> => {
    const [second, third] = ['batches/000002.json', 'batches/000003.json'].map((name) =>
      join(directory, name),
    );
    const a = await readFile(second!);
    const b = await readFile(third!);
    await writeFile(second!, b);
    await writeFile(third!, a);
  };

  it.each([
    [
      'one byte changed',
      rewritten(batch, (text) => text.replace('owner-', 'owner_')),
      /000002.jsonl: its bytes/,
    ],
    [
      'an event less',
      rewritten(batch, (text) => `${lines(text).slice(0, -1).join('\n')}\n`),
      /000002.jsonl: it has/,
    ],
    ['an event twice', rewritten(batch, (text) => `${text}${lines(text)[0]}\n`), /000002.jsonl: it has/],
    [
      'two events in the other order',
      rewritten(batch, (text) => {
        const [first, second, ...rest] = lines(text);
        return `${[second, first, ...rest].join('\n')}\n`;
      }),
      /000002.jsonl: its bytes/,
    ],
    [
      // Larger than the memory of many a machine: no more of it is read than the link says there is.
      'a batch of 3 GiB',
      (directory: string) => truncate(join(directory, batch), 3 * 1024 ** 3),
      /000002.jsonl: it has more bytes than/,
    ],
    [
      'a link that says 3 GiB',
      rewritten('batches/000002.json', (text) => text.replace(/"bytes": \d+/, `"bytes": ${3 * 1024 ** 3}`)),
      /000002.json: it cannot be read/,
    ],
    ['a batch gone', (directory: string) => unlink(join(directory, batch)), /000002.jsonl: it is missing/],
    [
      'a link gone',
      (directory: string) => unlink(join(directory, 'batches/000003.json')),
      /000003.json: it is missing/,
    ],
    ['two links in the other order', swapped, /000002.json: it is of batch 3/],
    [
      'the last batch and its link gone',
      rewritten('manifest/000001.json', (text) =>
        text.replace(/"batches": (\d+)/, (_all, n) => `"batches": ${Number(n) - 1}`),
      ),
      /manifest\/: it does not match the batches/,
    ],
  ])('%s', async (_what, damage, message) => {
    const directory = newFolder();
    const whole = join(scratch, 'whole');
    await exportAll(source.log, whole);
    await cp(whole, directory, { recursive: true });
    await damage(directory);
    const appended = new Set<string>();
    const log: Pick<EventLog, 'append' | 'readStream'> = {
      readStream: async function* () {},
      append: (_stream, events) => {
        for (const { id } of events) appended.add(id);
        return Promise.resolve({ revision: 0n, position: 0n });
      },
    };
    const failure = { code: 'ARCHIVE_DAMAGED', message: expect.stringMatching(message) };
    await expect(importEvents({ log, place: await placeAt(directory) })).rejects.toMatchObject(failure);
    await expect(checkArchive(await placeAt(directory))).rejects.toMatchObject(failure);
    expect(appended.size).toBeLessThanOrEqual(BATCH_EVENTS);
  });
});
