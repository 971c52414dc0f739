import { CodedError } from '../../schemas/errors/coded-error.ts';

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
 * Waits for an answer within a time. Every append waits here, so it makes one promise and no `Promise.race`.
 * @throws NoAnswer when `answer` does not settle in time
 */
export function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => {
      timer = setTimeout(() => reject(new NoAnswer()), LATE_READ_MS);
    }, ms);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the error of `answer`, as it is
        reject(error);
      },
    );
  });
}
