/**
 * The times of the log's events. They rise with the clock; where the clock was set back they go back with it, and the
 * few events at which that happens are remembered, so that times can still be searched by halving between them.
 */
export interface ClockSteps {
  /** The time of the newest event, milliseconds since 1970; 0 when there is none. */
  readonly newestMs: () => number;
  /** Notes the time of the next event: the one at `ordinal` was recorded at `createdMs`. */
  readonly note: (ordinal: number, createdMs: number) => void;
  /** Events from `ordinal` to that of `createdMs` follow, between which times go back only at `steps`. */
  readonly noteMany: (ordinal: number, span: TimeSpan) => void;
  /** The ordinals at which times go back, rising. */
  readonly steps: () => readonly number[];
}

/** The times of some events in a row. */
export interface TimeSpan {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Indexes, from the first event, of the events whose time is before that of the event in front of them. */
  readonly steps: readonly number[];
}

/** A clock that goes back less than this is taken for one that stood still: machines correct their clocks. */
export const CLOCK_JITTER_MS = 1000;

/** The time for the next events: the clock's, unless the clock went back by less than `CLOCK_JITTER_MS`. */
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
