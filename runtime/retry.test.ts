import { describe, expect, it } from '@jest/globals';
import { retry } from './retry.ts';

const BACKOFF = { firstMs: 2, maxMs: 4 };

/** Work that fails so many times before it succeeds. */
function failing(times: number, error = new Error('away')) {
  const state = { tries: 0 };
  const work = (): Promise<string> => {
    state.tries += 1;
    return state.tries > times ? Promise.resolve('done') : Promise.reject(error);
  };
  return { state, work };
}

describe('work that fails', () => {
  it('is done again until it succeeds', async () => {
    const { state, work } = failing(3);
    await expect(retry(work, { backoff: BACKOFF })).resolves.toBe('done');
    expect(state.tries).toBe(4);
  });

  it('is given up after its tries, with its last error', async () => {
    const { state, work } = failing(9);
    await expect(retry(work, { backoff: BACKOFF, triesMax: 3 })).rejects.toThrow('away');
    expect(state.tries).toBe(3);
  });

  it('is not begun again after its time', async () => {
    const { state, work } = failing(9);
    const untilMs = performance.now() + 50;
    const backoff = { firstMs: 100, maxMs: 100 };
    await expect(retry(work, { backoff, untilMs, random: () => 0.9 })).rejects.toThrow('away');
    expect(state.tries).toBe(1);
  });

  it('is not done again when waiting does not help', async () => {
    const { state, work } = failing(9, new Error('refused'));
    const isPassing = (error: unknown) => (error as Error).message !== 'refused';
    await expect(retry(work, { backoff: BACKOFF, isPassing })).rejects.toThrow('refused');
    expect(state.tries).toBe(1);
  });

  it('is not done again after its signal, which ends the wait', async () => {
    const { state, work } = failing(9);
    const stop = new AbortController();
    const backoff = { firstMs: 600_000, maxMs: 600_000 };
    const retried = retry(work, { backoff, signal: stop.signal, random: () => 0.9 });
    stop.abort(new Error('stopped'));
    await expect(retried).rejects.toThrow();
    expect(state.tries).toBe(1);
  });
});
