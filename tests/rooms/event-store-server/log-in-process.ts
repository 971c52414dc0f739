/**
 * The storage engine in the test's own process, with segments small enough that a test has many of them. A copy of
 * its folder, taken at any moment, is what a SIGKILL at that moment leaves: all written bytes are in the page cache.
 */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../../../event-store-server/storage/storage-errors.ts';
import { DEFAULT_LIMITS, type StoreLimits } from '../../../event-store-server/storage/store-limits.ts';
import { openLog, type Log } from '../../../event-store-server/storage/open-log.ts';
import type { WriteOutcome, WriteRequest } from '../../../event-store-server/storage/write-request.ts';
import { readRecordedEvent } from '../../../event-store/wire/recorded-event.ts';

/** A segment of this size is full after about ten events. */
export const SMALL_SEGMENT_BYTES = 3_000;

export interface LogForTest extends Log {
  readonly notices: readonly string[];
  readonly failures: readonly Error[];
}

export function openSmallLog(directory: string, limits: Partial<StoreLimits> = {}): LogForTest {
  const notices: string[] = [];
  const failures: Error[] = [];
  const log = openLog(
    directory,
    Object.assign({}, DEFAULT_LIMITS, { segmentBytes: SMALL_SEGMENT_BYTES }, limits),
    { notice: (sentence) => notices.push(sentence), onFailed: (failure) => failures.push(failure) },
  );
  return Object.assign(log, { notices, failures });
}

const NOTHING = Buffer.alloc(0);
const JSON_TYPE = Buffer.from('application/json');

export const proposed = (type: string, content: string): WriteRequest['events'][number] => ({
  id: randomUUID(),
  type: Buffer.from(type),
  contentType: JSON_TYPE,
  customMetadata: NOTHING,
  content: Buffer.from(content),
});

export function submit(log: Log, request: Partial<WriteRequest> & { stream: Buffer }): Promise<WriteOutcome> {
  const whole: WriteRequest = Object.assign(
    { kind: 'append', expected: { kind: 'any' }, events: [], notAfterMs: Infinity },
    request,
  );
  return new Promise((resolve) => log.submit(whole, 1024, resolve));
}

/** Appends `count` events whatever the stream's revision, and waits for the answer. */
export const appendTo = (log: Log, stream: string, count: number, fillerBytes = 40): Promise<WriteOutcome> =>
  submit(log, {
    stream: Buffer.from(stream),
    events: Array.from({ length: count }, (_, n) =>
      proposed(`Type${n % 3}`, `{"n":${n},"filler":"${'x'.repeat(fillerBytes)}"}`),
    ),
  });

export const setMetadata = (log: Log, stream: string, metadata: object): Promise<WriteOutcome> =>
  submit(log, {
    stream: Buffer.from(`$$${stream}`),
    events: [proposed('$metadata', JSON.stringify(metadata))],
  });

/** One event as a reader of `$all` gets it. */
export interface SurveyedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly id: string;
  readonly content: string;
}

/** All of `$all`. */
export function surveyOf(log: Log): SurveyedEvent[] {
  const reader = log.openReader();
  const found: SurveyedEvent[] = [];
  for (let ordinal = 0; ordinal < log.index.count(); ordinal += 1) {
    if (log.index.isGone(ordinal)) continue;
    const { stream, revision, position, id, content } = readRecordedEvent(reader.event(ordinal));
    // The index and the event itself must agree.
    const indexed = [
      log.index.streams.name(log.index.streamOf(ordinal)).toString(),
      log.index.positionOf(ordinal),
      log.index.isTombstone(ordinal) ? revision : log.index.revisionOf(ordinal),
    ];
    if (indexed.join() !== [stream.toString(), position, revision].join())
      throw new Error(`The index says ${indexed.join()} of ${stream.toString()} ${revision} at ${position}.`);
    found.push({ stream: stream.toString(), revision, position, id, content: content.toString() });
  }
  return found;
}

export const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'docket-log-'));

/** Returns a copy of the folder as a SIGKILL at this moment would leave it. */
export function killedCopyOf(directory: string): string {
  for (;;) {
    const copy = newDirectory();
    try {
      cpSync(directory, copy, { recursive: true });
      return copy;
    } catch (error) {
      // An index file was renamed or removed by another thread between the listing and the copy.
      if (systemCode(error) !== 'ENOENT') throw error;
      rmSync(copy, { recursive: true });
    }
  }
}
