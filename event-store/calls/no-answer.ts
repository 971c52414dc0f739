import { CodedError } from '../../schemas/coded-error.ts';

/**
 * A process that was held up itself runs its timers before it reads what has come meanwhile: an answer that is there
 * gets so long to be read.
 */
const LATE_READ_MS = 30;

/** The server said nothing in time. */
export class NoAnswer extends CodedError {
  readonly code = 'NO_ANSWER';
  readonly retryable = true;

  constructor() {
    super('');
  }
}

/** @throws NoAnswer when `answer` does not settle in time */
export async function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(new NoAnswer()), LATE_READ_MS);
    }, ms);
  });
  // The late failure of what was given up belongs to nobody.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
