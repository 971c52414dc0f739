import { expect, it } from '@jest/globals';
import { outageLog } from './outage-log.ts';

it('an outage of 20 minutes with three failures a second is 21 lines, all failures counted, none with a stack', () => {
  let now = 0;
  const lines: { failures?: number; forSec?: number; text: string }[] = [];
  const write = (fields: object, text: string) => lines.push({ ...fields, text });
  const outage = outageLog({ info: write, warn: write } as never, 'Postgres is away', { now: () => now });
  const endsMs = 20 * 60_000;
  let failures = 0;
  for (; now < endsMs; now += 300) {
    outage.failed(new Error('connect ECONNREFUSED'));
    failures += 1;
  }
  outage.worked();
  outage.worked();
  expect(lines).toHaveLength(1 + 19 + 1);
  expect(lines.at(-1)).toMatchObject({ failures, forSec: 1200, text: 'over: Postgres is away' });
  const counted = lines.slice(1, -1).reduce((sum, line) => sum + (line.failures ?? 0), 1);
  expect(failures - counted).toBeLessThan(200);
  expect(JSON.stringify(lines)).not.toContain('    at ');
});
