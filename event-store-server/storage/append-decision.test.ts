import { describe, expect, it } from '@jest/globals';
import { decideAppend, type StreamState } from './append-decision.ts';
import type { ExpectedState } from '../../event-store/wire/proposed-event.ts';

const IDS = ['a', 'b', 'c'];

/** A stream that holds events a, b, c unless something else is said. */
const state = (changes: Partial<StreamState> = {}): StreamState => ({
  lastRevision: 2,
  isTombstoned: false,
  isSoftDeleted: false,
  hasMetadata: () => false,
  idAt: (revision) => IDS[revision] as string,
  revisionOf: (id) => IDS.indexOf(id),
  ...changes,
});
const missing = state({ lastRevision: -1, revisionOf: () => -1 });
const described = state({ lastRevision: -1, hasMetadata: () => true, revisionOf: () => -1 });
const softDeleted = state({ isSoftDeleted: true, revisionOf: () => -1 });
const tombstoned = state({ isTombstoned: true });

const any: ExpectedState = { kind: 'any' };
const none: ExpectedState = { kind: 'no-stream' };
const exists: ExpectedState = { kind: 'exists' };
const at = (revision: number): ExpectedState => ({ kind: 'revision', revision });

const write = { kind: 'write' };
const wrong = (actual: number) => ({ kind: 'wrong-revision', actual });
const repeated = (revision: number) => ({ kind: 'repeated', revision });
const deleted = { kind: 'stream-deleted' };

describe('the decision on an append', () => {
  it.each([
    ['missing', missing, any, ['x'], write],
    ['missing', missing, none, ['x'], write],
    ['missing', missing, exists, ['x'], wrong(-1)],
    ['missing', missing, at(0), ['x'], wrong(-1)],
    ['with metadata alone', described, any, ['x'], write],
    ['with metadata alone', described, none, ['x'], write],
    ['with metadata alone', described, exists, ['x'], write],
    ['with metadata alone', described, at(0), ['x'], wrong(-1)],
    ['with events', state(), any, ['x'], write],
    ['with events', state(), none, ['x'], wrong(2)],
    ['with events', state(), exists, ['x'], write],
    ['with events', state(), at(2), ['x'], write],
    ['with events', state(), at(1), ['x'], wrong(2)],
    ['with events', state(), at(3), ['x'], wrong(2)],
    ['soft-deleted', softDeleted, any, ['x'], write],
    ['soft-deleted', softDeleted, none, ['x'], write],
    ['soft-deleted', softDeleted, exists, ['x'], deleted],
    ['soft-deleted', softDeleted, at(2), ['x'], write],
    ['soft-deleted', softDeleted, at(1), ['x'], wrong(2)],
    ['tombstoned', tombstoned, any, ['a'], deleted],
    ['tombstoned', tombstoned, none, ['x'], deleted],
    ['tombstoned', tombstoned, exists, ['x'], deleted],
    ['tombstoned', tombstoned, at(2), ['x'], deleted],
    // The same ids in the same places.
    ['with events', state(), none, ['a', 'b', 'c'], repeated(2)],
    ['with events', state(), none, ['a', 'b'], repeated(1)],
    ['with events', state(), at(0), ['b', 'c'], repeated(2)],
    ['with events', state(), at(1), ['c'], repeated(2)],
    ['with events', state(), any, ['b', 'c'], repeated(2)],
    ['with events', state(), exists, ['a'], repeated(0)],
    ['soft-deleted', softDeleted, none, ['a', 'b'], repeated(1)],
    ['with events', state(), any, ['c', 'a'], repeated(0)],
    ['with events', state(), any, ['a', 'c'], repeated(2)],
    // Some of them, or in other places.
    ['with events', state(), none, ['a', 'x'], wrong(2)],
    ['with events', state(), at(1), ['c', 'd'], wrong(2)],
    ['with events', state(), at(0), ['c', 'b'], wrong(2)],
    ['with events', state(), any, ['a', 'x'], wrong(2)],
    ['with events', state(), exists, ['a', 'x'], wrong(2)],
    ['soft-deleted', softDeleted, none, ['a', 'x'], wrong(2)],
    // The first is new: all are written, the known one a second time.
    ['with events', state(), any, ['x', 'a'], write],
    // No events: only the place is asked.
    ['with events', state(), at(2), [], write],
    ['with events', state(), none, [], wrong(2)],
    ['with events', state(), at(1), [], wrong(2)],
    ['soft-deleted', softDeleted, none, [], wrong(2)],
    ['missing', missing, none, [], write],
    ['with events', state(), any, [], write],
  ] as const)('a stream %s', (...[, stream, expected, appended, decision]) => {
    expect(decideAppend(stream, expected, appended)).toEqual(decision);
  });
});
