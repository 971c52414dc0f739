import type { Targets } from './targets.ts';

/** One line of the list: an attack on Docket, and the function that really makes it. */
export interface Attack {
  /** The id in the list of attacks: `A-UP01`. */
  readonly id: string;
  readonly title: string;
  /**
   * True for an attack that takes only a few seconds and needs only an instance with default settings. It is part of
   * `npm test`.
   */
  readonly cheap?: boolean;
  /**
   * Makes the attack and returns one line about Docket's defence.
   * @throws NotApplicable when Docket lacks the feature that is attacked
   * @throws DrillFailed (or any other error) when the attack succeeded
   */
  readonly run: (targets: Targets) => Promise<string>;
  /** The time limit, for the few long attacks; by default two minutes. */
  readonly msMax?: number;
}

export interface AttackCategory {
  readonly name: string;
  readonly attacks: readonly Attack[];
}

/** PASS: the attack failed. FAIL: the attack succeeded. NA: there is nothing to attack. */
export interface AttackResult {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly outcome: 'PASS' | 'FAIL' | 'NA';
  readonly seconds: number;
  /** The observation; for NA the missing feature. */
  readonly evidence: string;
}

/** The attacked feature does not exist; the message names it. */
export class NotApplicable extends Error {
  readonly code = 'NOT_APPLICABLE';
  readonly retryable = false;

  /** @param seen the results of the same requests without the feature, if there were any */
  constructor(missing: string, seen?: string) {
    super(`missing: ${missing}${seen === undefined ? '' : ` (${seen})`}`);
    this.name = 'NotApplicable';
  }
}
