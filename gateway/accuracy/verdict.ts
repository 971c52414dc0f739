import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { Difference, Subject } from './difference.ts';
import { isAboutValues, subjectsOf } from './warning-subjects.ts';

/**
 * The verdict on one document. `right`: every known value is present and right. `incomplete`: no value is wrong and
 * some are missing. `told`: some values are wrong, and each has a warning. `notTold`: a wrong value has no warning.
 * `refused`: there is no result.
 */
export type Verdict = 'right' | 'incomplete' | 'told' | 'notTold' | 'refused';

export interface Judgement {
  readonly verdict: Verdict;
  /** The wrong values without a warning. */
  readonly untold: readonly Difference[];
  /**
   * Warnings about values. `warningsRight` counts the warnings whose value is wrong, missing, or invalid as printed.
   */
  readonly warnings: number;
  readonly warningsRight: number;
}

/**
 * Judges the result of a converted document, by its differences from the truth and its warnings.
 * @param printedInvalid values that are invalid on the page itself, such as an IBAN with wrong check digits. A
 * warning about such a value is right
 */
export function judge(
  differences: readonly Difference[],
  warnings: readonly GatewayWarning[],
  printedInvalid: readonly Subject[] = [],
): Judgement {
  const told = warnings.filter(isAboutValues).map(subjectsOf);
  const isTold = ({ subject }: Difference): boolean =>
    told.some((subjects) => subjects.some((about) => covers(about, subject)));
  const wrong = differences.filter((difference) => difference.wrong);
  const untold = wrong.filter((difference) => !isTold(difference));
  const bad = [...differences.map(({ subject }) => subject), ...printedInvalid];
  const warningsRight = told.filter((subjects) =>
    bad.some((subject) => subjects.some((about) => covers(about, subject))),
  ).length;
  return { verdict: verdictOf(differences, wrong, untold), untold, warnings: told.length, warningsRight };
}

function verdictOf(
  differences: readonly Difference[],
  wrong: readonly Difference[],
  untold: readonly Difference[],
): Verdict {
  if (untold.length > 0) return 'notTold';
  if (wrong.length > 0) return 'told';
  return differences.length > 0 ? 'incomplete' : 'right';
}

/**
 * A warning about all lines is not about a single value of a line. A warning about one line is about all its values.
 */
function covers(about: Subject, subject: Subject): boolean {
  return about === subject;
}
