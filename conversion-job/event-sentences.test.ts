import { describe, expect, it } from '@jest/globals';
import { HISTORY_OF, sourceExpired } from '../tests/rooms/conversion-job/samples.ts';
import { JOB_STATES } from '../schemas/job-states.ts';
import { sentenceOf } from './event-sentences.ts';

describe('the sentences of a timeline', () => {
  const events = [...JOB_STATES.flatMap((state) => HISTORY_OF[state]), sourceExpired];

  it.each(events.map((event) => [event.type, event] as const))(
    '%s is said in whole sentences',
    (_type, event) => {
      expect(sentenceOf(event)).toMatch(/^\S.*[.]$/);
      expect(sentenceOf(event)).not.toMatch(/undefined|null|\[object|NaN/);
    },
  );

  it('names the code and the gateway’s reason of a failure', () => {
    const failed = HISTORY_OF.failed.at(-1);
    expect(failed && sentenceOf(failed)).toBe(
      'The job failed for good with GW_4XX (NO_TEXT) after 1 attempt: This PDF is a scan: it has no text to read.',
    );
  });
});
