/** A legal form at the end of a company's name or after it. */
export const LEGAL_FORM =
  /\b(?:g?GmbH|AG|KG|OHG|UG|e\.?K\.?|SE|Ltd|Limited|LLP|PLC|Inc|LLC|SARL|SAS|SASU|EURL|SA|S\.A\.|SL|S\.L\.|S\.L\.U\.|SLU|SRL|S\.r\.l\.|SpA|S\.p\.A\.|S\.n\.c\.|Lda|Unipessoal|B\.?V\.?|N\.?V\.?)(?:[.,\s]|$)/i;

/** The end of a company's name. */
export const ENDS_IN_LEGAL_FORM =
  /(?:^|[\s.])(?:lda|s\.?a|s\.?a\.?s|sasu|sarl|eurl|g?gmbh|ag|kg|ohg|gbr|ug|e\.?\s?k|e\.?\s?v|s\.?n\.?c|s\.?l\.?u?|s\.?\s?coop|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|ltd|limited|llp|plc|inc|llc)\.?$/i;
