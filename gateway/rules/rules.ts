import { ALLOWANCE_RULES } from './allowance-rules.ts';
import { CODE_LIST_RULES } from './code-list-rules.ts';
import { DECIMAL_RULES } from './decimal-rules.ts';
import { DOCUMENT_RULES } from './document-rules.ts';
import { LINE_RULES } from './line-rules.ts';
import { PARTY_RULES } from './party-rules.ts';
import { PAYMENT_RULES } from './payment-rules.ts';
import type { Rule } from './rule.ts';
import { STRUCTURE_RULES } from './structure-rules.ts';
import { SYNTAX_RULES } from './syntax-rules.ts';
import { SIGN_RULES, TOTALS_RULES } from './totals-rules.ts';
import { VAT_BREAKDOWN_RULES } from './vat-breakdown-rules.ts';
import { VAT_CATEGORY_RULES } from './vat-category-rules.ts';

/** Every rule, by theme. A job's row names the first broken rule. */
export const RULES_BY_THEME: Readonly<Record<string, readonly Rule[]>> = {
  'The document': DOCUMENT_RULES,
  Parties: PARTY_RULES,
  Totals: TOTALS_RULES,
  'VAT breakdown': VAT_BREAKDOWN_RULES,
  'VAT categories': VAT_CATEGORY_RULES,
  Lines: LINE_RULES,
  'Allowances and charges': ALLOWANCE_RULES,
  Payment: PAYMENT_RULES,
  Signs: SIGN_RULES,
  'Code lists': CODE_LIST_RULES,
  Decimals: DECIMAL_RULES,
  'Syntax binding': SYNTAX_RULES,
  Schema: STRUCTURE_RULES,
};

export const RULES: readonly Rule[] = Object.values(RULES_BY_THEME).flat();
