import { expect, it } from '@jest/globals';
import type { Log } from '../runtime/log/log.ts';
import type { WaitingNow } from '../runtime/service.ts';
import { keepTroubles } from './task-troubles.ts';

it('a task that fails many times in two ways writes one line when it begins and one when it is over, and says what is wrong now', () => {
  const lines: string[] = [];
  const write = (_fields: object, text: string): number => lines.push(text);
  const troubles = new Map<string, WaitingNow>();
  const told = keepTroubles(troubles, 'poll', { info: write, warn: write } as unknown as Log);
  for (let failure = 0; failure < 50; failure += 1) {
    told(Object.assign(new Error('Postgres is away'), { code: 'READ_STORE_UNAVAILABLE' }));
    told(Object.assign(new Error('the log is away'), { code: 'LOG_UNAVAILABLE' }));
  }
  expect(troubles.get('poll')).toEqual({ dependency: 'event store', why: 'Task "poll": the log is away' });
  told(null);
  told(null);
  expect(lines).toEqual(['task "poll" fails; Docket retries', 'over: task "poll" fails']);
  expect(troubles.size).toBe(0);
});
