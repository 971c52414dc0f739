import { en, type MessageKey } from './en.ts';
import type { Translate } from './translate.ts';

type ErrorKey = Extract<MessageKey, `error_${string}`>;

/** A failure as the page shows it: one sentence with the event and the remedy, then the code. */
export interface ErrorLine {
  readonly sentence: string;
  /** Only the event, for a failure that Docket handles without the user. */
  readonly what: string;
  readonly code: string;
}

/**
 * The sentence for the first code that has one; the most specific code comes first. For an unknown code, the result
 * is the server's own message, so that a general sentence never hides a new reason.
 */
export function errorLine(
  t: Translate,
  codes: readonly (string | null)[],
  message: string,
  maxUploadMb: number,
): ErrorLine {
  const given = codes.filter((code): code is string => code !== null && code !== '');
  const first = given[0];
  const code = [...given].reverse().join(' · ');
  const key = `error_${first ?? ''}`;
  if (!isErrorKey(key)) return { sentence: message, what: message, code };
  const sentence = filled(t, key, message, maxUploadMb);
  const what = sentence.replace(/[.;](?:\s.*)?$/s, '.');
  return { sentence, what, code };
}

/** Completes a sentence with the gateway's own words: the rule and both values. */
function filled(t: Translate, key: ErrorKey, message: string, megabytes: number): string {
  if (key === 'error_TOO_LARGE') return t(key, { megabytes });
  return takesDetail(key) ? t(key, { detail: message }) : t(key);
}

/**
 * Reasons whose own words name the things that the user must check: the rule and both values, the kind of document,
 * the pages.
 */
const WITH_DETAIL = [
  'error_CHECKS_FAILED',
  'error_OUTPUT_INVALID',
  'error_MAPPING_MISMATCH',
  'error_AMBIGUOUS',
] as const satisfies readonly ErrorKey[];

function takesDetail(key: ErrorKey): key is (typeof WITH_DETAIL)[number] {
  return WITH_DETAIL.some((one) => one === key);
}

function isErrorKey(key: string): key is ErrorKey {
  return Object.hasOwn(en, key);
}
