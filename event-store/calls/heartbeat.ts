import { untilTick } from '../../runtime/process-tick.ts';

/** Pauses between two checks whether the server of a quiet subscription still answers. */
export interface HeartbeatPauses {
  /** The pause while events come. */
  readonly livelyMs: number;
  /** The pause after `quietAfterMs` without an event, until the next event (ADR 0202). */
  readonly quietMs: number;
  readonly quietAfterMs: number;
}

export const HEARTBEAT_PAUSES: HeartbeatPauses = { livelyMs: 2_000, quietMs: 10_000, quietAfterMs: 60_000 };

export interface Heartbeat {
  /** Says that something came, so that the next beat asks nothing. */
  moved(): void;
  stop(): void;
}

/** Calls `ask` with each beat before which nothing came. */
export function startHeartbeat(pauses: HeartbeatPauses, ask: () => void): Heartbeat {
  let isQuiet = true;
  let isSlow = false;
  let movedAtMs = performance.now();
  const arm = (): NodeJS.Timeout =>
    setTimeout(
      () => {
        if (isQuiet) ask();
        else movedAtMs = performance.now();
        isQuiet = true;
        isSlow = performance.now() - movedAtMs > pauses.quietAfterMs;
        timer = arm();
      },
      untilTick(isSlow ? pauses.quietMs : pauses.livelyMs),
    );
  let timer = arm();
  return {
    moved: () => {
      isQuiet = false;
      if (!isSlow) return;
      isSlow = false;
      movedAtMs = performance.now();
      clearTimeout(timer);
      timer = arm();
    },
    stop: () => clearTimeout(timer),
  };
}
