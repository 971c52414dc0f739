import type { VatCategory } from '../found-invoice/invoice.ts';

/**
 * Exemption codes of the AT, the Portuguese tax authority, that stand for a category of EN 16931 (UNCL5305) other
 * than plain exemption. Source: "Tabela de códigos de motivos de isenção", SAF-T PT field TaxExemptionCode.
 */
export const EXEMPTION_CATEGORIES: Readonly<Record<string, VatCategory>> = {
  M05: 'G', // article 14 CIVA, exports
  M08: 'AE', // reverse charge (in force until 2022)
  M16: 'K', // article 14 RITI, supplies within the Union
  M30: 'AE',
  M31: 'AE',
  M32: 'AE',
  M33: 'AE',
  M34: 'AE',
  M40: 'AE', // article 6(6)(a) CIVA, reverse charge
  M41: 'AE',
  M42: 'AE',
  M43: 'AE',
  M99: 'O', // not subject, or not taxed
};

/** Finds an exemption code of the AT in a text. */
export function exemptionCodeIn(text: string): string | undefined {
  if (!/M[0-49]\d/.test(text)) return undefined;
  return /(?:^|[^\p{L}\d])(M(?:0[1-9]|1[0-9]|2[0-6]|3[0-4]|4[0-4]|99))(?![\p{L}\d])/u.exec(text)?.[1];
}
