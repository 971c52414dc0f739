import type { SampleOptions } from '../fixtures/ubl-sample.ts';

/** One change to the sample document that breaks one rule. */
export interface Break {
  readonly rule: string;
  /** The change, in words. */
  readonly words: string;
  readonly options?: SampleOptions;
  readonly from: string | RegExp;
  readonly to: string;
  /** Rules that cannot be kept when this one is broken: the standard says some things twice. */
  readonly with?: readonly string[];
}
