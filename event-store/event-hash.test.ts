import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentVersion, understandEvent } from '../schemas/events/event-versions.ts';
import { chained, hashAfter, hashOfEvent, linksOf } from './event-hash.ts';
import type { RecordedEvent } from './event-log.ts';

const STREAM = 'job-0b0f4c2e-5a51-5d3c-8f0e-2f6f3f0a9d11';

function stored(folder: string, file: string, revision: number): RecordedEvent {
  const path = join(import.meta.dirname, '..', 'schemas', 'events', 'corpus', folder, file);
  const example = JSON.parse(readFileSync(path, 'utf8')) as Pick<RecordedEvent, 'type' | 'data' | 'metadata'>;
  const id = `00000000-0000-5000-8000-00000000000${revision}`;
  return { id, stream: STREAM, revision: BigInt(revision), position: 0n, created: new Date(0), ...example };
}

const first = stored('chained', 'DocumentUploaded.v1.json', 0);
const second = stored('chained', 'ConversionRequested.v1.json', 1);

describe('the hash chain of a stream', () => {
  it('is the same for ever: events that were chained by an earlier build still have their hashes', () => {
    expect(linksOf(first)).toEqual({ previousHash: null, hash: hashOfEvent(first, null) });
    expect(linksOf(second)).toEqual({
      previousHash: linksOf(first)?.hash,
      hash: hashOfEvent(second, hashOfEvent(first, null)),
    });
    for (const event of [first, second])
      expect(currentVersion(understandEvent(event).type)).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['a value', { ...first, data: { ...(first.data as object), bytes: 1235 } }],
    ['the actor', { ...first, metadata: { ...(first.metadata as object), actor: 'owner:owner-2' } }],
    ['the type', { ...first, type: 'ConversionRequested' }],
    ['the id', { ...first, id: '00000000-0000-5000-8000-000000000009' }],
    ['the stream', { ...first, stream: `${STREAM}x` }],
    ['the revision', { ...first, revision: 7n }],
  ])('changes with %s of an event', (_what, changed) => {
    expect(hashOfEvent(changed, null)).not.toBe(hashOfEvent(first, null));
  });

  it("does not change with the store's clock and position: an import keeps it", () => {
    expect(hashOfEvent({ ...first, position: 9n, created: new Date() } as RecordedEvent, null)).toBe(
      hashOfEvent(first, null),
    );
  });

  it('is what appending computes before the store has the event', () => {
    const toAppend = [first, second].map(({ id, type, data, metadata }) => ({ id, type, data, metadata }));
    const { events, end } = chained(toAppend, { stream: STREAM, revision: -1n, hash: null });
    expect(events.map(({ metadata }) => metadata)).toEqual([first.metadata, second.metadata]);
    expect(end).toEqual({ stream: STREAM, revision: 1n, hash: linksOf(second)?.hash });
  });

  it('begins in an older stream with a hash that vouches for what came before', () => {
    const older = stored('', 'DocumentUploaded.v1.json', 0);
    const hash = hashAfter(older, null);
    expect(hash).toBe(hashOfEvent(older, null));
    const { events } = chained([second], { stream: STREAM, revision: 0n, hash });
    expect(events[0]?.metadata).toMatchObject({ previousHash: hash });
    expect(hashAfter({ ...older, data: { ...(older.data as object), bytes: 1 } }, null)).not.toBe(hash);
  });
});
