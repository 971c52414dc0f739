import type { Targets } from './targets.ts';

/** One line of the list: what somebody tries against Docket, and the function that really tries it. */
export interface Attack {
  /** Of the list of attacks: `A-UP01`. */
  readonly id: string;
  readonly title: string;
  /** Takes a few seconds and needs nothing but an instance with default settings: part of `npm test`. */
  readonly cheap?: boolean;
  /**
   * Makes the attack and answers, in one line, what Docket did against it.
   * @throws NotApplicable when Docket lacks the feature that is attacked
   * @throws DrillFailed (any other error counts as well) when the attack came to something
   */
  readonly run: (targets: Targets) => Promise<string>;
  /** How long it may take, for the few that do much; by default two minutes. */
  readonly msMax?: number;
}

export interface AttackCategory {
  readonly name: string;
  readonly attacks: readonly Attack[];
}

/** PASS: Docket held. FAIL: the attack came to something. NA: there is nothing to attack. */
export interface AttackResult {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly outcome: 'PASS' | 'FAIL' | 'NA';
  readonly seconds: number;
  /** What was seen; for NA the feature that is missing. */
  readonly evidence: string;
}

/** The feature that is attacked does not exist; the message names it. */
export class NotApplicable extends Error {
  readonly code = 'NOT_APPLICABLE';
  readonly retryable = false;

  /** @param seen what the same requests came to without the feature, if any were made */
  constructor(missing: string, seen?: string) {
    super(`missing: ${missing}${seen === undefined ? '' : ` (${seen})`}`);
    this.name = 'NotApplicable';
  }
}
