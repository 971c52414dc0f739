import { repeat, type Repeating } from './repeating.ts';
import type { WorkList } from './work-list/work-list.ts';

/** Pauses between two looks at the list. */
export interface PollPauses {
  /** While a job waits on the list: the grain of backoffs, and the longest delay of a nudge that was lost. */
  readonly busyMs: number;
  /** While none waits: a nudge tells of the next one, and this is the longest delay when it is lost (ADR 0196). */
  readonly idleMs: number;
}

const PAUSES: PollPauses = { busyMs: 500, idleMs: 5_000 };

export interface WorkPollParts {
  readonly list: Pick<WorkList, 'offerDue'>;
  /** A worker silent for so long never begins what it reserved. */
  readonly silentMs: number;
  readonly random: () => number;
  /** Whether nudges of other processors are known to arrive; while they are not, the list is looked at as if it were busy. */
  readonly hears: () => boolean;
  /** A job waits: claim. */
  readonly onWork: () => void;
  readonly onTrouble: (trouble: unknown) => void;
  readonly pauses?: PollPauses;
}

/**
 * Looks at the list without being told to: offers what has waited long enough, and has it claimed. `hurry` says that a
 * job has come to the list.
 */
export function startWorkPoll(parts: WorkPollParts): Repeating {
  const { list, silentMs, random, hears, onWork, onTrouble, pauses = PAUSES } = parts;
  let isWaitedFor = true;
  /** A job came after the present look had begun. */
  let cameMeanwhile = false;
  const look = async (): Promise<void> => {
    // Stands unless the list says otherwise: a look that fails is followed by another one soon.
    isWaitedFor = true;
    cameMeanwhile = false;
    const found = await list.offerDue(silentMs);
    isWaitedFor = found.isWaitedFor || cameMeanwhile;
    if (isWaitedFor) onWork();
  };
  const pauseMs = (): number => (isWaitedFor || !hears() ? pauses.busyMs : pauses.idleMs);
  const looking = repeat(pauseMs, random, look, onTrouble);
  return {
    hurry: () => {
      isWaitedFor = true;
      cameMeanwhile = true;
      looking.hurry();
    },
    stop: () => looking.stop(),
  };
}
