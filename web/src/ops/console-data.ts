import { useEffect, useRef, useState } from 'preact/hooks';
import type { DashboardAnswer, OpsMetrics } from '../../../schemas/protocols/dashboard-api.ts';
import { useApp } from '../app.ts';
import { ApiFailure, askJson } from '../live/api.ts';
import { hasGap, movedOn } from './live-window.ts';
import type { OpsQuery } from './ops-query.ts';

/**
 * The percentiles of a window cannot be computed from the percentiles of its parts. So the console requests them
 * again at this interval.
 */
const ASK_AGAIN_MS = 15_000;
const ASK_AGAIN_AFTER_FAILURE_MS = 4_000;
/** The interval at which the shown age of the figures is updated. */
const AGE_TICK_MS = 1_000;

/** The figures of the console, and their age. */
export interface ConsoleFigures {
  readonly figures: DashboardAnswer | null;
  /** True while the shown figures do not belong to the requested moment, window or zone. */
  readonly pending: boolean;
  readonly failure: ApiFailure | null;
  /** Age of the shown figures in milliseconds, by this browser's clock; null before the first answer. */
  readonly ageMs: number | null;
}

interface Held {
  readonly asked: string;
  readonly answer: DashboardAnswer;
  readonly receivedAtMs: number;
}

/** Requests the figures of a window. While the page shows the present, the socket updates the window once a second. */
export function useConsole({ range, zone, at }: OpsQuery): ConsoleFigures {
  const app = useApp();
  const [held, setHeld] = useState<Held | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [asking, askAgain] = useState(0);
  const [nowMs, setNowMs] = useState(() => performance.now());
  const params = new URLSearchParams({ range, zone, ...(at === null ? {} : { asOf: at }) });
  const asked = `/api/dashboard?${params.toString()}`;

  useEffect(() => {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    askJson<DashboardAnswer>(asked).then(
      (answer) => {
        if (!wanted) return;
        setHeld({ asked, answer, receivedAtMs: performance.now() });
        setFailure(null);
        if (at === null) timer = setTimeout(() => askAgain((count) => count + 1), ASK_AGAIN_MS);
      },
      (error: unknown) => {
        if (!(error instanceof ApiFailure)) throw error;
        if (!wanted) return;
        setFailure(error);
        if (error.retryable)
          timer = setTimeout(() => askAgain((count) => count + 1), ASK_AGAIN_AFTER_FAILURE_MS);
      },
    );
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [asked, asking]);

  const gap = useRef(() => {});
  gap.current = () => askAgain((count) => count + 1);
  useEffect(() => {
    if (at !== null) return;
    return app.feed.client.subscribe<OpsMetrics>('ops:metrics', {
      keyOf: () => 'metrics',
      supersedes: () => true,
      onRows: (_rows, [metrics]) => {
        if (metrics === undefined) return;
        setHeld((now) => {
          if (now === null || now.answer.past) return now;
          if (hasGap(now.answer, metrics)) gap.current();
          return { ...now, answer: movedOn(now.answer, metrics), receivedAtMs: performance.now() };
        });
      },
    });
  }, [app, at]);

  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), AGE_TICK_MS);
    return () => clearInterval(timer);
  }, []);

  // Figures of the present must never look like the past, or the reverse, even during one request.
  const shown = held?.answer.past === (at !== null) ? held : null;
  return {
    figures: shown?.answer ?? null,
    pending: shown?.asked !== asked,
    failure,
    ageMs: held === null ? null : Math.max(0, nowMs - held.receivedAtMs),
  };
}
