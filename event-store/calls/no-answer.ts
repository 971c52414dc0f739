import { CodedError } from '../../schemas/coded-error.ts';

/**
 * A process that did not run for a while runs its timers before it reads new answers. So an answer that has already
 * arrived gets this much time to be read.
 */
const LATE_READ_MS = 30;

/** The server sent no answer in time. */
export class NoAnswer extends CodedError {
  readonly code = 'NO_ANSWER';
  override readonly retryable = true;

  constructor() {
    super('');
  }
}

/**
 * Waits for an answer within a time.
 * @throws NoAnswer when `answer` does not settle in time
 */
export async function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(new NoAnswer()), LATE_READ_MS);
    }, ms);
  });
  // Nobody waits for a late failure of an answer that was given up.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
