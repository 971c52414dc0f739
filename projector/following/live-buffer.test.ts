import { describe, expect, it } from '@jest/globals';
import { createLiveBuffer, gatherMsAfter, LIVE_BEHIND_EVENTS, LIVE_BUSY_EVENTS } from './live-buffer.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';

const at = (position: bigint) => ({ position }) as StoredEvent;

describe('a live buffer', () => {
  it('writes what comes after a checkpoint that was not yet due', async () => {
    const written: bigint[] = [];
    const buffer = createLiveBuffer((_, through) => Promise.resolve(written.push(through)), 1);
    buffer.mark(1n);
    await buffer.drained();
    buffer.mark(2n);
    await buffer.add(at(3n));
    await buffer.drained();
    expect(written.at(-1)).toBe(3n);
  });

  it('tells whoever waits that the writing failed, and takes no more', async () => {
    const buffer = createLiveBuffer(() => Promise.reject(new Error('disk full')), 1);
    await buffer.add(at(1n));
    await expect(buffer.failed).rejects.toThrow('disk full');
    await expect(buffer.drained()).rejects.toThrow('disk full');
  });

  it('gathers longer the more events the batch before had, and does not delay the first of a quiet time', () => {
    const waits = [0, LIVE_BUSY_EVENTS - 1, LIVE_BUSY_EVENTS, LIVE_BEHIND_EVENTS - 1, LIVE_BEHIND_EVENTS].map(
      gatherMsAfter,
    );
    expect(waits.slice(0, 2)).toEqual([0, 0]);
    expect(waits[2]).toBe(waits[3]);
    expect([waits[1]! < waits[2]!, waits[3]! < waits[4]!]).toEqual([true, true]);
  });
});
