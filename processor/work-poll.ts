import { repeat, type Repeating } from './repeating.ts';
import type { WorkList } from './work-list/work-list.ts';

/** Pauses between two polls of the list. */
export interface PollPauses {
  /**
   * The pause while a job waits on the list. Backoffs are as exact as this pause, and a job waits at most for this
   * pause after a lost notice.
   */
  readonly busyMs: number;
  /**
   * The pause while no job waits. A notice announces the next job. When the notice is lost, the job waits at most for
   * this pause (ADR 0196).
   */
  readonly idleMs: number;
}

const PAUSES: PollPauses = { busyMs: 500, idleMs: 10_000 };

export interface WorkPollParts {
  readonly list: Pick<WorkList, 'offerDue'>;
  /** The list offers the reserved jobs of a worker again when the worker is silent for this long. */
  readonly silentMs: number;
  readonly random: () => number;
  /**
   * True while notices of other processors are known to arrive. Without notices, the processor pauses as briefly as
   * for a busy list.
   */
  readonly noticesArrive: () => boolean;
  /** Called when a job waits, so that the processor claims it. */
  readonly onWork: () => void;
  readonly onTrouble: (trouble: unknown) => void;
  readonly pauses?: PollPauses;
  /** Moves the end of a pause to a tick of the process, so that its tasks begin together. */
  readonly aligned?: (ms: number) => number;
}

/**
 * Polls the list, so that no job depends on a notice. It offers jobs whose wait is over, and calls `onWork` while a job
 * waits. `hurry` reports that a job has come to the list.
 */
export function startWorkPoll(parts: WorkPollParts): Repeating {
  const {
    list,
    silentMs,
    random,
    noticesArrive,
    onWork,
    onTrouble,
    pauses = PAUSES,
    aligned = (ms) => ms,
  } = parts;
  let isWaitedFor = true;
  /** True when a job came after the present look had begun. */
  let cameMeanwhile = false;
  const look = async (): Promise<void> => {
    // `isWaitedFor` stays true until the list answers, so that another poll soon follows a failed poll.
    isWaitedFor = true;
    cameMeanwhile = false;
    const found = await list.offerDue(silentMs);
    isWaitedFor = found.isWaitedFor || cameMeanwhile;
    if (isWaitedFor) onWork();
  };
  const pauseMs = (): number => aligned(isWaitedFor || !noticesArrive() ? pauses.busyMs : pauses.idleMs);
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
