import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure, askJson } from '../live/api.ts';

/** A list that follows the live figures is requested at most this often. */
const ASK_EVERY_MS = 2_000;

export interface Asked<Answer> {
  readonly answer: Answer | null;
  /** Code of the refusal of the present request; the answer is then null. */
  readonly refused: string | null;
}

/**
 * The answer of an address, requested again when `version` changes, and at most every two seconds. An answer stays
 * visible until the next answer arrives. After a refusal, nothing of another request stays visible.
 */
export function useAnswer<Answer>(path: string, version: string): Asked<Answer> {
  const [held, setHeld] = useState<Asked<Answer> & { path: string }>({
    path: '',
    answer: null,
    refused: null,
  });
  const lastAskedMs = useRef(-Infinity);
  useEffect(() => {
    let wanted = true;
    const ask = () => {
      lastAskedMs.current = performance.now();
      askJson<Answer>(path).then(
        (answer) => wanted && setHeld({ path, answer, refused: null }),
        (error: unknown) => {
          if (!(error instanceof ApiFailure)) throw error;
          // After a failure that a retry can mend, the last answer stays visible. The page's header shows that the
          // server does not answer. The next figures cause a retry.
          if (wanted)
            setHeld((now) =>
              now.path === path && error.retryable ? now : { path, answer: null, refused: error.code },
            );
        },
      );
    };
    const waitMs = held.path === path ? lastAskedMs.current + ASK_EVERY_MS - performance.now() : 0;
    const timer = setTimeout(ask, Math.max(0, waitMs));
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [path, version]);
  return held;
}
