import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JobEvent } from '../schemas/events/job-events.ts';
import type { JobCommand } from '../schemas/job-commands.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { ABSENT, type Job } from './job.ts';
import { whyUnlawful } from './lawful.ts';
import { COMMAND_PROBES } from './explain.ts';
import { COMMAND_OF, HISTORY_OF } from '../tests/rooms/conversion-job/samples.ts';
import { at, POLICY } from '../tests/rooms/conversion-job/scenario.ts';

const probes = Object.values(COMMAND_PROBES);

/** Why the first unlawful event of a stream is unlawful, with its place; null when there is none. */
function firstFault(events: readonly JobEvent[]): string | null {
  let job: Job = ABSENT;
  for (const [index, event] of events.entries()) {
    const why = whyUnlawful(job, event, events[index - 1] ?? null);
    if (why !== null) return `${index} ${event.type}: ${why}`;
    job = evolve(job, event, BigInt(index));
  }
  return null;
}

describe('what may come next in a stream', () => {
  it('is all that the decider ever decides', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(probes.length - 1), { maxLength: 60 }), (choices) => {
        let job: Job = ABSENT;
        const events: JobEvent[] = [];
        for (const [step, choice] of [-1, ...choices].entries()) {
          const command: JobCommand | undefined =
            job.state === 'absent' ? COMMAND_OF.UploadDocument : probes[choice]?.(job, at(step * 100));
          const decision = command && decide(command, job, POLICY);
          if (!decision || 'refused' in decision) continue;
          for (const event of decision.accepted) {
            job = evolve(job, event, BigInt(events.length));
            events.push(event);
          }
        }
        expect(firstFault(events)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  const ready = HISTORY_OF.ready;
  const last = ready.at(-1)!;
  it.each([
    ['an event without an upload', ready.slice(1), /begins with its upload/],
    ['a success that comes twice', [...ready, last], /no attempt is running: the job is ready/],
    [
      'a success without its start',
      ready.filter(({ type }) => type !== 'ConversionStarted'),
      /no attempt is running/,
    ],
    [
      'a start of a job that is ready',
      [...ready, ready.find(({ type }) => type === 'ConversionStarted')!],
      /ready is not started/,
    ],
    ['a request that belongs to nothing', [...ready, ready[1]!], /an upload that is not there/],
    ['an upload of a job that is ready', [...ready, ready[0]!], /needs no upload/],
    [
      'a PDF that goes while it is needed',
      [
        ...ready.slice(0, 2),
        { type: 'SourceExpired', data: { at: at(9), blobKey: 'x', cause: 'age' } } as const,
      ],
      /stays/,
    ],
  ])('is not %s', (_what, events, why) => {
    expect(firstFault(events)).toMatch(why);
  });
});
