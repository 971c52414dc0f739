import { CIUS_PT_RULES, saysCiusPt } from './cius-pt/cius-pt-rules.ts';
import { parseXml } from './parse-xml.ts';
import type { BrokenRule } from './rule.ts';
import { sentenceOfBreach } from './rule.ts';
import { RULES } from './rules.ts';
import { ublDocument } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';

/** The rules that a finished UBL document breaks, read from its text alone; as `rulesBrokenBy`. */
export function brokenRules(xml: string): BrokenRule[] {
  return rulesBrokenBy(parseXml(xml));
}

/**
 * The rules that a finished UBL document breaks, by its elements and not by what it was written from; none when it keeps
 * all. One that says that it is CIUS-PT is held to its rules too. Amounts are compared as exact decimals. Rules say nothing of what another rule misses.
 * @param root undefined for what is no well-formed XML
 */
export function rulesBrokenBy(root: XmlElement | undefined): BrokenRule[] {
  const document = ublDocument(root);
  if (document === undefined)
    return [
      {
        rule: 'UBL-SCHEMA',
        severity: 'fatal',
        what: 'a UBL invoice or credit note in well-formed XML',
        found: undefined,
        expected: '',
      },
    ];
  const broken: BrokenRule[] = [];
  const rules = saysCiusPt(document) ? [...RULES, ...CIUS_PT_RULES] : RULES;
  for (const { number, severity, check } of rules) {
    const breaches = check(document);
    if (breaches.length > 0)
      broken.push(...breaches.map((breach) => ({ ...breach, rule: number, severity })));
  }
  return broken;
}

/** The one sentence of a row: the first rule that is broken with its two sides, and how many others are. */
export function sentenceOfBroken(broken: readonly BrokenRule[]): string | undefined {
  const [first, ...others] = broken.filter(({ severity }) => severity === 'fatal');
  if (first === undefined) return undefined;
  const rules = new Set(others.map(({ rule }) => rule));
  rules.delete(first.rule);
  const more =
    rules.size === 0
      ? ''
      : ` (Also broken: ${[...rules].slice(0, OTHER_RULES_NAMED_MAX).join(', ')}${rules.size > OTHER_RULES_NAMED_MAX ? ' and more' : ''}.)`;
  return sentenceOfBreach(first) + more;
}

const OTHER_RULES_NAMED_MAX = 6;
