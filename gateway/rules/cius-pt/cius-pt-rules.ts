import type { Rule } from '../rule.ts';
import type { UblDocument } from '../ubl-document.ts';
import { textAt } from '../xml-tree.ts';
import { CIUS_PT_CONTENTS } from './contents.ts';
import { CIUS_PT_FORMS } from './forms.ts';
import { CIUS_PT_PRODUCTS } from './products.ts';

/**
 * What CIUS-PT asks beyond EN 16931, by the numbers of its own Schematron (eSPap, `urn_feap.gov.pt_CIUS-PT_2.1.1`, UBL
 * binding), as far as a document of ours can break it.
 */
export const CIUS_PT_RULES: readonly Rule[] = [...CIUS_PT_CONTENTS, ...CIUS_PT_FORMS, ...CIUS_PT_PRODUCTS];

/** Whether a document says that it is written by CIUS-PT. */
export function saysCiusPt({ root }: UblDocument): boolean {
  return /:CIUS-PT:/i.test(textAt(root, 'cbc:CustomizationID') ?? '');
}
