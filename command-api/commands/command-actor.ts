import type { Response } from 'express';
import type { JobDecider } from '../../conversion-job/decider.ts';
import { ownerOf } from '../../identity/middleware.ts';

/** Who gives a command: an owner, for jobs of its own, or an operator, for anyone's. */
export interface CommandActor {
  /** As the event's metadata names it. */
  readonly name: string;
  readonly by: 'owner' | 'operator';
  /** The decider as it answers this actor. */
  readonly decider: (decider: JobDecider) => JobDecider;
}

export function owningActor(res: Response): CommandActor {
  const owner = ownerOf(res);
  return { name: `owner:${owner}`, by: 'owner', decider: (decider) => ownedBy(owner, decider) };
}

/** Only behind `identity.operatorsOnly`. */
export function operatingActor(): CommandActor {
  return { name: 'operator', by: 'operator', decider: (decider) => decider };
}

/** To everybody but its owner a job does not exist (promise 8). */
function ownedBy(owner: string, decider: JobDecider): JobDecider {
  return {
    ...decider,
    decide: (asked, job) =>
      job.state === 'absent' || job.owner !== owner
        ? { refused: { code: 'NOT_FOUND', rule: 'There is no such job.' } }
        : decider.decide(asked, job),
  };
}

/** Only failed jobs can be discarded; a job that has moved on is left alone. */
export function onlyFailed(decider: JobDecider): JobDecider {
  return {
    ...decider,
    decide: (asked, job) =>
      job.state === 'absent' || job.state === 'failed'
        ? decider.decide(asked, job)
        : {
            refused: {
              code: 'CONFLICT',
              rule: `Only a failed job can be discarded; this one is ${job.state}.`,
            },
          },
  };
}
