import type { Response } from 'express';
import type { JobDecider } from '../../conversion-job/decider.ts';
import { ownerOf } from '../../identity/middleware.ts';

/** The sender of a command: an owner, for its own jobs, or an operator, for any job. */
export interface CommandActor {
  /** The name of the actor in the event's metadata. */
  readonly name: string;
  readonly by: 'owner' | 'operator';
  /** Restricts the decider to commands that this actor may send. */
  readonly decider: (decider: JobDecider) => JobDecider;
}

export function owningActor(res: Response): CommandActor {
  const owner = ownerOf(res);
  return { name: `owner:${owner}`, by: 'owner', decider: (decider) => ownedBy(owner, decider) };
}

/** The routes of this actor must be behind `identity.operatorsOnly`. */
export function operatingActor(): CommandActor {
  return { name: 'operator', by: 'operator', decider: (decider) => decider };
}

/** Hides the job from everybody except its owner. For other users the job does not exist (promise 8). */
function ownedBy(owner: string, decider: JobDecider): JobDecider {
  return {
    ...decider,
    decide: (asked, job) =>
      job.state === 'absent' || job.owner !== owner
        ? { refused: { code: 'NOT_FOUND', rule: 'There is no such job.' } }
        : decider.decide(asked, job),
  };
}

/** Refuses to discard an existing job that is not failed. Its state may have changed after the user chose it. */
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
