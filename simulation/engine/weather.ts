import type { Seeded } from './seeded.ts';

/** The rates of faults in one world. Every world has its own mix of rates, so that rare mixes occur as well. */
export interface Weather {
  /** Probability of each fault for one request. */
  readonly lostRequest: number;
  readonly lostReply: number;
  readonly lateRequest: number;
  readonly duplicate: number;
  readonly slow: number;
  readonly crashBefore: number;
  readonly crashAfter: number;
  /** A process freezes for seconds directly after one of its effects (D44). */
  readonly freeze: number;
  readonly diskFull: number;
  readonly brokenRead: number;
  /** Postgres crashes and loses changes, because their commits did not wait for the disk (ADR 0080). */
  readonly listTakenBack: number;
  readonly gateway5xx: number;
  readonly gatewaySilent: number;
  readonly gatewayGarbage: number;
  readonly gatewayUnreachable: number;
  readonly cutSubscription: number;
  readonly cutSocket: number;
  readonly slowSocket: number;
  /** The longest addition to the usual time of a conversion, in ms. */
  readonly gatewayPaceMs: number;
  /** The largest difference between a process's clock and the true time, in ms. */
  readonly clockSkewMs: number;
}

const WORST: Weather = {
  lostRequest: 0.08,
  lostReply: 0.08,
  lateRequest: 0.02,
  duplicate: 0.08,
  slow: 0.06,
  crashBefore: 0.015,
  crashAfter: 0.02,
  freeze: 0.06,
  diskFull: 0.08,
  brokenRead: 0.06,
  listTakenBack: 0.1,
  gateway5xx: 0.25,
  gatewaySilent: 0.1,
  gatewayGarbage: 0.15,
  gatewayUnreachable: 0.1,
  cutSubscription: 0.02,
  cutSocket: 0.03,
  slowSocket: 0.3,
  gatewayPaceMs: 1_400,
  clockSkewMs: 3_600_000,
};

/** The weather without faults. */
export const FAIR: Weather = Object.fromEntries(
  Object.keys(WORST).map((kind) => [kind, 0]),
) as unknown as Weather;

/**
 * Draws the weather of a world. Each fault is absent in about a third of all worlds. Otherwise the fault gets a
 * random rate up to its maximum.
 */
export function drawWeather(random: Seeded): Weather {
  const drawn = Object.entries(WORST).map(([kind, worst]: [string, number]): [string, number] => [
    kind,
    random.chance(0.35) ? 0 : worst * random.next(),
  ]);
  return Object.fromEntries(drawn) as unknown as Weather;
}
