/**
 * The only writer. It stages, writes and syncs all waiting requests together. Only then does it publish their events
 * and answer the requests. An answer that depends on events of the same group (a conflict, a repeated append) waits for
 * the same sync.
 */
import { DiskFull, type DiskFailed } from './storage-errors.ts';
import type { StoreLimits } from './store-limits.ts';
import type { Segment, SegmentFiles } from './segment-files.ts';
import type { StagedEvent, StagedGroup } from './staged-group.ts';
import type { WriteOutcome, WriteRequest } from './write-request.ts';

type Answer = (outcome: WriteOutcome) => void;

interface Waiting {
  readonly request: WriteRequest;
  readonly bytes: number;
  readonly answer: Answer;
}

export interface GroupCommit {
  /** Queues a request. Calls `answer` exactly once, later. */
  readonly submit: (request: WriteRequest, bytes: number, answer: Answer) => void;
  /** Refuses new requests. Resolves when all waiting requests are answered. */
  readonly close: () => Promise<void>;
}

export interface GroupCommitParts {
  readonly files: SegmentFiles;
  readonly limits: StoreLimits;
  readonly stage: (requests: readonly WriteRequest[], startPosition: number) => StagedGroup;
  /** Called with the events of a group once they are durable. */
  readonly publish: (events: readonly StagedEvent[]) => void;
  /** Called when a segment is full and the next segment begins. */
  readonly onSegmentClosed: (segment: Segment) => void;
  /** Called when the disk failed. The writer sends no answer from then on. */
  readonly onFailed: (failure: Error) => void;
}

export function openGroupCommit(parts: GroupCommitParts): GroupCommit {
  const { files, limits } = parts;
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let isBusy = false;
  let hasFailed = false;
  let whenIdle: (() => void) | null = null;
  let isClosing = false;

  const takeGroup = (): Waiting[] => {
    let bytes = 0;
    let count = 0;
    while (
      count < waiting.length &&
      (count === 0 || bytes + (waiting[count] as Waiting).bytes <= limits.maxGroupBytes)
    ) {
      bytes += (waiting[count] as Waiting).bytes;
      count += 1;
    }
    const group = count === waiting.length ? waiting : waiting.slice(0, count);
    waiting = count === waiting.length ? [] : waiting.slice(count);
    waitingBytes -= bytes;
    return group;
  };

  const finish = (): void => {
    if (waiting.length > 0) {
      commit(takeGroup());
      return;
    }
    isBusy = false;
    whenIdle?.();
  };

  const fail = (failure: unknown): void => {
    hasFailed = true;
    parts.onFailed(failure instanceof Error ? failure : new Error(String(failure)));
  };

  const answerAll = (group: readonly Waiting[], outcomes: readonly WriteOutcome[]): void => {
    group.forEach((one, place) => one.answer(outcomes[place] as WriteOutcome));
  };

  /** Stages and writes a group. Null when the disk has no room: then nothing of the group is in the log. */
  const writeStaged = (requests: readonly WriteRequest[]): StagedGroup | null => {
    try {
      const active = files.segments().at(-1) as Segment;
      if (active.end - active.base >= limits.segmentBytes) {
        files.roll();
        parts.onSegmentClosed(active);
      }
      const staged = parts.stage(requests, files.end());
      if (staged.bytes.length > 0) files.write(staged.bytes);
      return staged;
    } catch (error) {
      if (error instanceof DiskFull) return null;
      throw error;
    }
  };

  const refuseWriters = (group: readonly Waiting[]): void => {
    const staged = parts.stage(
      group.map((one) => one.request),
      files.end(),
    );
    const writers = group.filter((_one, place) => staged.wrote[place]);
    const others = group.filter((_one, place) => !staged.wrote[place]);
    for (const one of writers) one.answer({ kind: 'disk-full' });
    // The outcome of a remaining request may depend on the refused requests, so the store computes the outcomes
    // again.
    if (others.length > 0) commit(others);
    else finish();
  };

  const commit = (group: readonly Waiting[]): void => {
    try {
      const staged = writeStaged(group.map((one) => one.request));
      if (staged === null) {
        refuseWriters(group);
        return;
      }
      if (staged.bytes.length === 0) {
        answerAll(group, staged.outcomes);
        finish();
        return;
      }
      files.sync(staged.bytes.length, (failure: DiskFailed | null) => {
        if (failure !== null) {
          fail(failure);
          return;
        }
        parts.publish(staged.events);
        answerAll(group, staged.outcomes);
        finish();
      });
    } catch (error) {
      fail(error);
    }
  };

  return {
    submit: (request, bytes, answer) => {
      if (isClosing || hasFailed) {
        queueMicrotask(() => answer({ kind: 'closing' }));
        return;
      }
      if (waiting.length >= limits.maxWaitingAppends || waitingBytes + bytes > limits.maxWaitingBytes) {
        queueMicrotask(() => answer({ kind: 'too-many-waiting' }));
        return;
      }
      waiting.push({ request, bytes, answer });
      waitingBytes += bytes;
      if (isBusy) return;
      isBusy = true;
      // Requests that arrive in the same turn join the group.
      setImmediate(finish);
    },
    close: () => {
      isClosing = true;
      return new Promise((resolve) => {
        if (!isBusy || hasFailed) resolve();
        else whenIdle = resolve;
      });
    },
  };
}
