/** The pause of a quiet worker between two heartbeats, and between two looks at its leases, in usual pauses. */
const QUIET_BEAT_EACH = 5;
const QUIET_LOOK_EACH = 15;

/** The pauses of the tasks that show that a worker lives (ADR 0210). */
export interface QuietPauses {
  /**
   * Decides about the pause after the next heartbeat. Returns by how many ms the heartbeat is to be dated ahead: the
   * whole long pause, or 0.
   */
  readonly restMs: () => number;
  readonly beatPauseMs: () => number;
  readonly lookPauseMs: () => number;
  /** Ends a long pause, because the worker begins an attempt or a heartbeat failed. Returns true when it was long. */
  readonly end: () => boolean;
}

/**
 * Makes the pauses longer while the worker is quiet.
 * @param beatMs the usual pause between two heartbeats
 */
export function quietPauses(beatMs: number, isQuiet: () => boolean): QuietPauses {
  let isResting = false;
  return {
    restMs: () => {
      isResting = isQuiet();
      return isResting ? beatMs * QUIET_BEAT_EACH : 0;
    },
    beatPauseMs: () => beatMs * (isResting ? QUIET_BEAT_EACH : 1),
    lookPauseMs: () => beatMs * (isQuiet() ? QUIET_LOOK_EACH : 1),
    end: () => {
      const wasResting = isResting;
      isResting = false;
      return wasResting;
    },
  };
}
