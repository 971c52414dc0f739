import type { AttackResult } from './attack.ts';

const ID_WIDTH = 6;
const OUTCOME_WIDTH = 4;
const EVIDENCE_CHARACTERS_MAX = 300;

/** One readable table in the order of the list, and the counts. */
export function reportOf(results: readonly AttackResult[]): string {
  const categoryWidth = Math.max(...results.map(({ category }) => category.length));
  const lines = results.map(({ id, outcome, category, seconds, title, evidence }) =>
    [
      id.padEnd(ID_WIDTH),
      outcome.padEnd(OUTCOME_WIDTH),
      category.padEnd(categoryWidth),
      `${seconds.toFixed(1).padStart(5)} s`,
      `${title}: ${oneLine(evidence)}`,
    ].join('  '),
  );
  const count = (outcome: AttackResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const took = results.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    ...lines,
    '',
    `${count('PASS')} PASS, ${count('FAIL')} FAIL, ${count('NA')} NA, in ${took.toFixed(0)} s`,
  ].join('\n');
}

/** An observation may contain bytes of the attack, so control characters are removed before they reach the terminal. */
function oneLine(text: string): string {
  const line = text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  const points = Array.from(line);
  return points.length <= EVIDENCE_CHARACTERS_MAX
    ? line
    : `${points.slice(0, EVIDENCE_CHARACTERS_MAX).join('')}...`;
}
