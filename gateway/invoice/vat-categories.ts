import { holdsNeeded, neededWords } from '../mapping/needed-words.ts';
import type { VatCategory } from '../found-invoice/invoice.ts';
import { EXEMPTION_CATEGORIES, exemptionCodeIn } from './exemptions.ts';

/**
 * Words for a supply. Beside them, `intra-community` is a reason for the exemption, not a part of a tax number's label.
 */
const SUPPLY =
  'supply|supplies|lieferung|leistung|livraison|vente|entrega|suministro|transmiss[ãa]o|transmiss[õo]es|cessione|cessioni|operazione|opera[çc][ãa]o|operaci[óo]n';

/**
 * Sentences that state why no VAT is charged, by category (UNCL5305), in pt, en, de, fr, es and it. The first match
 * counts. The general words of exemption come last, because pages also call supplies within the Union and exports
 * exempt.
 */
const SENTENCES: readonly (readonly [VatCategory, RegExp])[] = [
  [
    'AE',
    /reverse[- ]charge|steuerschuldnerschaft|steuerschuld geht|autoliquida|inversi[óo]n del sujeto|inversione contabile|iva\s*[-–:]\s*autoliq|\bart\.? ?13b\b|§ ?13b\b|article 283[- ]2|article 194/iu,
  ],
  [
    'K',
    new RegExp(
      `(?:innergemeinschaftliche[nr]?|intra-?communit(?:y|aire)|intra-?community|intracomunit[áa]ri[ao]s?|intracomunitari[ao]s?)\\s+(?:${SUPPLY})|(?:${SUPPLY})\\s+(?:de (?:bienes|bens) )?intra-?(?:communautaires?|comunit[áa]ri[ao]s?|comunitari[ao]s?|community)|\\b262 ter\\b|§ ?6a ustg|art(?:igo|\\.)? ?14\\.?º? (?:do )?riti`,
      'iu',
    ),
  ],
  [
    'G',
    /ausfuhrlieferung|cession[ei] all['’]esportazione|non imponibil[ei][^.]{0,30}\bart(?:icolo|\.)? ?8\b|export (?:supply|sale|delivery|of goods)|exportation de biens|livraison [àa] l['’]exportation|(?:isento|isenta|isen[çc][ãa]o|exenta|exento|esente|non imponibile|exon[ée]r[ée]e?)[^.]{0,40}export|export[^.]{0,40}(?:exempt|zero[- ]rated|isent|exent)|article 262[ -]i\b|§ ?6 ustg\b|art(?:igo|\.)? ?14\.?º? (?:do )?civa/iu,
  ],
  [
    'O',
    /n[ãa]o sujei[ta]|not subject to vat|outside the scope of vat|nicht steuerbar|hors (?:du )?champ|no sujet[ao]|fuori campo|non soggett[oa]/iu,
  ],
  ['Z', /zero[- ]rated|taxa zero|nullsatz|taux z[ée]ro|tipo cero|aliquota zero/iu],
  [
    'E',
    /\b(?:isent[oa]s?|isen[çc][ãa]o)\b|\bexempt(?:ed|ion)?\b|\bexon[ée]r|tva non applicable|steuerfrei|steuerbefrei|kein(?:e)? (?:umsatzsteuer|mwst|mehrwertsteuer|ust)|ohne umsatzsteuer|kleinunternehmer|§ ?\d+[a-z]? ustg|\bexent[oa]s?\b|exenci[óo]n|\besente\b|esenzione|non imponibile|\bvatex\b|regime de isen[çc][ãa]o|vat not applicable|iva no aplicable|regime forfettario/iu,
  ],
];

const NEEDED = SENTENCES.map(([, { source }]) => neededWords(source));

/**
 * Returns a function that tells whether a line states why no VAT is charged. Returns undefined if the whole document
 * states no reason. Each line is tested only for reasons that the whole document contains.
 */
export function exemptionsOf(documentText: string): ((line: string) => boolean) | undefined {
  const patterns = SENTENCES.flatMap(([, pattern], i) =>
    holdsNeeded(NEEDED[i] ?? [], documentText) && pattern.test(documentText) ? [pattern] : [],
  );
  const hasCode = exemptionCodeIn(documentText) !== undefined;
  if (patterns.length === 0 && !hasCode) return undefined;
  return (line) =>
    (hasCode && exemptionCodeIn(line) !== undefined) || patterns.some((pattern) => pattern.test(line));
}

/** The category of a reason; `E` (exempt) for an unknown reason. */
export function categoryOf(reason: string | undefined): VatCategory {
  if (reason === undefined) return 'E';
  const code = exemptionCodeIn(reason);
  if (code !== undefined) return EXEMPTION_CATEGORIES[code] ?? 'E';
  return SENTENCES.find(([, pattern]) => pattern.test(reason))?.[0] ?? 'E';
}

/** A category that is printed as its code, alone or in brackets after words for the tax: `AE`, `VAT (K)`. */
const CODE_ALONE = /^\(?(S|Z|E|AE|K|G|O)\)?$/;
const CODE_IN_BRACKETS = /\((S|Z|E|AE|K|G|O)\)/;

/** Finds the printed code of a category in a text. */
export function categoryCodeIn(text: string): VatCategory | undefined {
  return (CODE_ALONE.exec(text.trim())?.[1] ?? CODE_IN_BRACKETS.exec(text)?.[1]) as VatCategory | undefined;
}

/** Removes the name of the tax and the code of the category from a reason. */
export function withoutCategoryCode(text: string): string {
  return text.replace(/^[^()]{0,30}\((?:S|Z|E|AE|K|G|O)\)\s*/, '').trim();
}
