import { within } from '../drills/claims.ts';
import type { Target } from './targets.ts';
import { storedPdfs } from './visitor.ts';

const GONE_MS_MAX = 10_000;

/** Runs `work`, and checks that no new PDF is stored afterwards. Returns the result of `work`. */
export async function leavingNothing<T>(target: Target, work: () => Promise<T>): Promise<T> {
  const before = await storedPdfs(target);
  const answered = await work();
  await within(GONE_MS_MAX, 'nothing is stored', async () => (await storedPdfs(target)) === before);
  return answered;
}
