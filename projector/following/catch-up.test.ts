import { describe, expect, it } from '@jest/globals';
import type { ProjectionWriter } from '../../read-store/projection-engine/writer.ts';
import { together } from './catch-up.ts';

function writerAt(position: bigint | null, apply: ProjectionWriter['apply']): ProjectionWriter {
  return {
    checkpoint: () => position,
    mark: () => null,
    heldStreams: () => new Set<string>(),
    apply,
    replay: () => Promise.reject(new Error('not asked for')),
  };
}

const applied = { events: 1, quarantined: [] };

describe('several writers that read the log once', () => {
  it('stand where the hindmost stands, and at the beginning while one has written nothing', () => {
    const take = () => Promise.resolve(applied);
    const ahead = writerAt(90n, take);
    const behind = writerAt(70n, take);
    const fresh = writerAt(null, take);
    expect(together([ahead, behind]).checkpoint()).toBe(70n);
    expect(together([ahead, fresh, behind]).checkpoint()).toBeNull();
  });

  it('are over with a batch when all are, also when one of them fails', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof applied>();
    let over = false;
    const failing = writerAt(1n, () => Promise.reject(new Error('refused')));
    const slow = writerAt(1n, () => promise);
    const batch = together([failing, slow])
      .apply([], 2n)
      .finally(() => (over = true));
    await Promise.resolve();
    expect(over).toBe(false);
    resolve(applied);
    await expect(batch).rejects.toThrow('refused');
  });
});
