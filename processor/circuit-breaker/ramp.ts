/** How many conversions may run at once while a gateway comes back. */
export interface Ramp {
  readonly limit: number;
  readonly full: number;
}

/** Everything is allowed. */
export function fullRamp(full: number): Ramp {
  return { limit: full, full };
}

/** The gateway has just come back: one at a time. */
export function restarted(ramp: Ramp): Ramp {
  return { ...ramp, limit: 1 };
}

/** One more for each success, so 1, 2, 4, ... a round: a queue of thousands does not fall on a gateway that is warming up (D18). */
export function afterSuccess(ramp: Ramp): Ramp {
  return ramp.limit >= ramp.full ? ramp : { ...ramp, limit: ramp.limit + 1 };
}

/** A failure on the way up starts the climb again; at full height it is the breaker's business. */
export function afterFailure(ramp: Ramp): Ramp {
  return ramp.limit >= ramp.full ? ramp : { ...ramp, limit: 1 };
}
