import { timeLimit } from '../harness/machine-time.ts';

/** A claim of a drill does not hold. */
export class DrillFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DrillFailed';
  }
}

/** @throws DrillFailed */
export function expectThat(isSo: boolean, claim: string, found?: unknown): void {
  if (isSo) return;
  throw new DrillFailed(
    found === undefined ? claim : `${claim}; found ${JSON.stringify(found, textOfBigint)}`,
  );
}

/**
 * Polls until the condition holds. An error of the condition counts as "not yet".
 *
 * @param withinMs time of an idle machine (`machine-time.ts`)
 * @throws DrillFailed after this time
 */
export async function within(
  withinMs: number,
  claim: string,
  isSo: () => Promise<boolean> | boolean,
  everyMs = 50,
): Promise<number> {
  const startedAt = performance.now();
  const isOver = timeLimit(withinMs);
  let last: unknown;
  for (;;) {
    try {
      if (await isSo()) return performance.now() - startedAt;
    } catch (error) {
      last = error;
    }
    if (isOver())
      throw new DrillFailed(
        `not within ${withinMs} ms: ${claim}${last === undefined ? '' : ` (${(last as Error).message})`}`,
      );
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
