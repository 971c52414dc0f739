import type { Rule } from '../rule.ts';
import type { UblDocument } from '../ubl-document.ts';
import { textAt } from '../xml-tree.ts';
import { CIUS_PT_CONTENTS } from './contents.ts';
import { CIUS_PT_FORMS } from './forms.ts';
import { CIUS_PT_PRODUCTS } from './products.ts';

/**
 * The rules of CIUS-PT beyond EN 16931 that a document of Docket can break. The rules are numbered as in the
 * Schematron of CIUS-PT (eSPap, `urn_feap.gov.pt_CIUS-PT_2.1.1`, UBL binding).
 */
export const CIUS_PT_RULES: readonly Rule[] = [...CIUS_PT_CONTENTS, ...CIUS_PT_FORMS, ...CIUS_PT_PRODUCTS];

/** True when a document says that it follows CIUS-PT. */
export function saysCiusPt({ root }: UblDocument): boolean {
  return /:CIUS-PT:/i.test(textAt(root, 'cbc:CustomizationID') ?? '');
}
