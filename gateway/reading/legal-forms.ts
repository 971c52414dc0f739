/** A legal form at the end of a company's name or after it. */
export const LEGAL_FORM =
  /\b(?:GmbH|AG|KG|OHG|UG|e\.?K\.?|SE|Ltd|Limited|LLP|PLC|Inc|LLC|SARL|SAS|SASU|EURL|SA|S\.A\.|SL|S\.L\.|SRL|S\.r\.l\.|SpA|Lda|Unipessoal|B\.?V\.?|N\.?V\.?)(?:[.,\s]|$)/i;
