import { within } from '../drills/claims.ts';
import type { Target } from './targets.ts';
import { storedPdfs } from './visitor.ts';

const GONE_MS_MAX = 10_000;

/** Does `work`, and claims that no PDF is stored that was not there before. Answers what `work` answered. */
export async function leavingNothing<T>(target: Target, work: () => Promise<T>): Promise<T> {
  const before = await storedPdfs(target);
  const answered = await work();
  await within(GONE_MS_MAX, 'nothing is stored', async () => (await storedPdfs(target)) === before);
  return answered;
}
