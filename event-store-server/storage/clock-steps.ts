/**
 * The times of the log's events. They rise with the clock, and go back when somebody sets the clock back. `steps`
 * lists the few events at which times go back, so that a binary search between them stays possible.
 */
export interface ClockSteps {
  /** The time of the newest event, milliseconds since 1970; 0 when there is none. */
  readonly newestMs: () => number;
  /** Notes that the next event, at `ordinal`, has the time `createdMs`. */
  readonly note: (ordinal: number, createdMs: number) => void;
  /** Notes the times of the events that follow, the first of them at `ordinal`. Times go back only at `span.steps`. */
  readonly noteMany: (ordinal: number, span: TimeSpan) => void;
  /** The ordinals at which times go back, in rising order. */
  readonly steps: () => readonly number[];
}

/** The times of consecutive events. */
export interface TimeSpan {
  readonly firstMs: number;
  readonly lastMs: number;
  /** The events that have an earlier time than the previous event, as indexes from the first event. */
  readonly steps: readonly number[];
}

/**
 * A clock that goes back by less than this counts as a clock that stood still, because machines correct their clocks.
 */
export const CLOCK_JITTER_MS = 1000;

/** The time for the next events: the clock's time, or `newestMs` after a step back below `CLOCK_JITTER_MS`. */
export const nextTime = (newestMs: number, nowMs: number): number =>
  nowMs < newestMs && nowMs > newestMs - CLOCK_JITTER_MS ? newestMs : nowMs;

export function openClockSteps(): ClockSteps {
  const steps: number[] = [];
  let newestMs = 0;
  const note = (ordinal: number, createdMs: number): void => {
    if (createdMs < newestMs) steps.push(ordinal);
    newestMs = createdMs;
  };
  return {
    newestMs: () => newestMs,
    note,
    noteMany: (ordinal, span) => {
      note(ordinal, span.firstMs);
      for (const place of span.steps) steps.push(ordinal + place);
      newestMs = span.lastMs;
    },
    steps: () => steps,
  };
}
