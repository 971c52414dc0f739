import { CIUS_PT_RULES } from './cius-pt/cius-pt-rules.ts';
import type { Rule } from './rule.ts';
import { RULES_BY_THEME } from './rules.ts';

/** Writes the table of docs/gateway.md: themes, the documents in which their rules are published, and their numbers. */
export function rulesTable(): string {
  const themes: readonly [string, readonly Rule[]][] = [
    ...Object.entries(RULES_BY_THEME),
    ['CIUS-PT, of documents that say so', CIUS_PT_RULES],
  ];
  const rows = themes.map(([theme, rules]) => {
    const sections = [...new Set(rules.map(({ section }) => section))].join('; ');
    return `| ${theme} | ${sections} | ${inRuns(rules.map(({ number }) => number)).join(', ')} |`;
  });
  return ['| Theme | Source | Rules |', '|---|---|---|', ...rows].join('\n');
}

/** Sorts numbers, and writes consecutive numbers as a run: `BR-12 to BR-15`. */
function inRuns(numbers: readonly string[]): string[] {
  const runs: { first: string; last: string }[] = [];
  for (const number of [...numbers].sort(byNumber)) {
    const open = runs.at(-1);
    if (open !== undefined && isNext(open.last, number)) open.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => (first === last ? `\`${first}\`` : `\`${first}\` to \`${last}\``));
}

const NUMBERED = /^(.*-)(\d+)$/;

function byNumber(a: string, b: string): number {
  const [, headA = a, numberA = '0'] = NUMBERED.exec(a) ?? [];
  const [, headB = b, numberB = '0'] = NUMBERED.exec(b) ?? [];
  return headA < headB ? -1 : headA > headB ? 1 : Number(numberA) - Number(numberB);
}

function isNext(last: string, number: string): boolean {
  const [, headA, numberA] = NUMBERED.exec(last) ?? [];
  const [, headB, numberB] = NUMBERED.exec(number) ?? [];
  return headA !== undefined && headA === headB && Number(numberA) + 1 === Number(numberB);
}
