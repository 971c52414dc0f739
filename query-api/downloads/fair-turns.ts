import { CodedError } from '../../schemas/errors/coded-error.ts';

/**
 * Runs a task when its user's turn comes.
 * @throws TurnRefused, and the errors of the task
 */
export type TakeTurn = <T>(asker: string, work: () => Promise<T>) => Promise<T>;

/** Too many tasks are waiting, so the queue refused this task. */
export class TurnRefused extends CodedError {
  readonly code = 'TURN_REFUSED';
  override readonly retryable = true;

  constructor() {
    super('Too much is waiting for a turn.');
  }
}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: () => void;
}

/**
 * A queue that is fair between users: they take turns, however many requests one of them sends. When the queue is
 * full, it refuses the last request of the user with the most waiting requests. So no user can block other users.
 */
export function fairTurns(bounds: {
  readonly atOnceMax: number;
  readonly waitingOfOneMax: number;
  readonly waitingMax: number;
}): TakeTurn {
  /** The waiting tasks by user; the first user is next. A user without waiting tasks is not in the map. */
  const queues = new Map<string, Waiting[]>();
  let running = 0;
  let waiting = 0;

  const next = (): void => {
    const first = queues.entries().next();
    if (first.done || running >= bounds.atOnceMax) return;
    const [asker, queue] = first.value;
    queues.delete(asker);
    const turn = queue.shift()!;
    if (queue.length > 0) queues.set(asker, queue);
    waiting -= 1;
    running += 1;
    turn.begin();
  };

  const refuseGreediest = (): void => {
    const [asker, queue] = [...queues].reduce((most, each) =>
      each[1].length > most[1].length ? each : most,
    );
    queue.pop()?.refuse();
    if (queue.length === 0) queues.delete(asker);
    waiting -= 1;
  };

  return async (asker, work) => {
    const queue = queues.get(asker) ?? [];
    if (queue.length >= bounds.waitingOfOneMax) throw new TurnRefused();
    await new Promise<void>((resolve, reject) => {
      queue.push({ begin: resolve, refuse: () => reject(new TurnRefused()) });
      queues.set(asker, queue);
      waiting += 1;
      if (waiting > bounds.waitingMax) refuseGreediest();
      next();
    });
    try {
      return await work();
    } finally {
      running -= 1;
      next();
    }
  };
}
