import type { ReadStore } from '../../../read-store/pool.ts';
import type { Transaction } from '../../../read-store/transaction.ts';

/** A store whose every commit is the last thing its process does: it dies right before it, or right after it (D11). */
export function dyingStore(store: ReadStore, killed: 'before the commit' | 'after the commit'): ReadStore {
  const lastCommit = async <Result>(work: (within: Transaction) => Promise<Result>): Promise<Result> => {
    await store.transaction(async (within) => {
      await work(within);
      if (killed === 'before the commit') throw new Error('killed');
    });
    throw new Error('killed');
  };
  return {
    ...store,
    transaction: lastCommit,
    prepared: (text, values) => lastCommit((within) => within.query(text, values)),
  };
}
