import { CIUS_PT_RULES, saysCiusPt } from './cius-pt/cius-pt-rules.ts';
import { parseXml } from './parse-xml.ts';
import type { BrokenRule } from './rule.ts';
import { sentenceOfBreach } from './rule.ts';
import { RULES } from './rules.ts';
import { ublDocument } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';

/** Returns the rules that the text of a finished UBL document breaks, as `rulesBrokenBy` does. */
export function brokenRules(xml: string): BrokenRule[] {
  return rulesBrokenBy(parseXml(xml));
}

/**
 * Returns the rules that a finished UBL document breaks. It looks only at the document's elements, not at the values
 * that it was written from. A document that says it is CIUS-PT must also keep the rules of CIUS-PT. Amounts are
 * compared as exact decimals. When a part is missing, only the rule that requires the part is broken.
 * @param root undefined when the text is no well-formed XML
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

/**
 * Returns one sentence about the fatal breaches: the first breach with both values, and the numbers of the other
 * rules.
 */
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
