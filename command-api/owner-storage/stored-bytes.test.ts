import { describe, expect, it } from '@jest/globals';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { foldStoredBytes } from './stored-bytes.ts';

const uploaded = (owner: string, bytes: number) =>
  ({ type: 'DocumentUploaded', data: { owner, bytes } }) as JobEvent;
const succeeded = (bytes: number) =>
  ({ type: 'ConversionSucceeded', data: { result: { bytes } } }) as JobEvent;
const resultExpired = { type: 'ResultExpired', data: {} } as JobEvent;
const sourceExpired = { type: 'SourceExpired', data: {} } as JobEvent;

describe('the bytes of an owner', () => {
  it('are those of PDFs and results that have not expired', () => {
    const stored = foldStoredBytes();
    stored.apply('one', uploaded('anna', 100));
    stored.apply('two', uploaded('anna', 50));
    stored.apply('three', uploaded('bento', 7));
    stored.apply('one', succeeded(10));
    expect([stored.ofOwner('anna'), stored.ofOwner('bento'), stored.ofOwner('carla')]).toEqual([160, 7, 0]);
    stored.apply('one', sourceExpired);
    expect([stored.ofOwner('anna'), stored.ofSource('one'), stored.ofSource('two')]).toEqual([60, 0, 50]);
    stored.apply('one', resultExpired);
    expect(stored.ofOwner('anna')).toBe(50);
  });

  it('are counted once when an event comes twice, and when a PDF takes the place of another', () => {
    const stored = foldStoredBytes();
    for (const event of [uploaded('anna', 100), uploaded('anna', 100), succeeded(10), succeeded(10)])
      stored.apply('one', event);
    expect(stored.ofOwner('anna')).toBe(110);
    stored.apply('one', uploaded('anna', 100));
    expect(stored.ofOwner('anna')).toBe(100);
  });

  it('take no memory once nothing of a job is stored', () => {
    const stored = foldStoredBytes();
    for (const event of [uploaded('anna', 100), succeeded(10), resultExpired, sourceExpired, sourceExpired])
      stored.apply('one', event);
    expect([stored.jobs(), stored.ofOwner('anna')]).toEqual([0, 0]);
  });
});
