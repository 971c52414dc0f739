/** The languages whose models are installed, by their codes in ISO 639-2. */
export type OcrLanguage = 'eng' | 'por' | 'deu' | 'fra' | 'spa';

/** Words that are frequent in one of the languages and missing in the other languages, without accents. */
const SIGNS: Readonly<Record<OcrLanguage, readonly string[]>> = {
  eng: ['invoice', 'the', 'of', 'and', 'due', 'amount', 'quantity', 'price', 'tax', 'bill', 'vat', 'bank', 'from', 'terms'],
  por: ['fatura', 'factura', 'iva', 'contribuinte', 'nif', 'exmo', 'unit', 'iliquido', 'pagar', 'lda', 'qtd', 'moeda', 'vencimento', 'emissao', 'atcud', 'taxa', 'incidencia', 'isencao', 'morada', 'cliente', 'documento', 'processado', 'rua', 'recibo'],
  deu: ['rechnung', 'rechnungsnummer', 'rechnungsdatum', 'datum', 'mwst', 'ust', 'betrag', 'nettobetrag', 'gesamtbetrag', 'menge', 'gesamt', 'netto', 'und', 'der', 'die', 'gmbh', 'einzelpreis', 'bezeichnung', 'kunde', 'zahlbar', 'bis', 'strasse'],
  fra: ['facture', 'tva', 'montant', 'quantite', 'prix', 'designation', 'le', 'la', 'les', 'des', 'du', 'rue', 'ht', 'ttc', 'client', 'echeance', 'reglement', 'siret', 'sarl', 'payer', 'net'],
  spa: ['factura', 'iva', 'fecha', 'importe', 'cantidad', 'precio', 'cif', 'imponible', 'vencimiento', 'calle', 'cliente', 'descripcion', 'numero', 'el', 'los', 'las', 'pagar', 'cuota', 'unidades', 'sl'],
}; // prettier-ignore

/** Returns the language of most of the words; English when no language has the most. */
export function languageOf(words: readonly string[]): OcrLanguage {
  const keys = words.map((word) =>
    word
      .normalize('NFD')
      .toLowerCase()
      .replace(/[^a-z]/g, ''),
  );
  let best: { language: OcrLanguage; hits: number } = { language: 'eng', hits: 0 };
  for (const [language, signs] of Object.entries(SIGNS) as [OcrLanguage, readonly string[]][]) {
    const known = new Set(signs);
    const hits = keys.filter((key) => known.has(key)).length;
    if (hits > best.hits) best = { language, hits };
  }
  return best.language;
}
