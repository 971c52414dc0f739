import type { Break } from './break.ts';

const REASON = '<cbc:TaxExemptionReason>x</cbc:TaxExemptionReason>';

const PREFIXES = { S: 'BR-S', Z: 'BR-Z', E: 'BR-E', AE: 'BR-AE', K: 'BR-IC', G: 'BR-G', O: 'BR-O' } as const;
type Category = keyof typeof PREFIXES;

const placeAt = {
  '02': /ClassifiedTaxCategory>/,
  '03': /150.00<\/cbc:BaseAmount><cac:TaxCategory>/,
  '04': />50.00<\/cbc:BaseAmount><cac:TaxCategory>/,
};

/** What every category has a rule for, broken in a document that is of that category throughout. */
function ofCategory(category: Category): Break[] {
  const prefix = PREFIXES[category];
  const options = { category };
  const rule = (n: string): string => `${prefix}-${n}`;
  const exact = category !== 'S';
  const breaks: Break[] = [];
  const withReason = category !== 'S' && category !== 'Z';
  breaks.push({
    rule: rule('01'), words: 'its row of the breakdown is of another category', options,
    from: new RegExp(`(<cac:TaxSubtotal>.*?<cbc:ID>)${category}<`), to: '$1L<',
    ...(category === 'O' ? { with: ['BR-48'] } : {}),
  }); // prettier-ignore
  const numbers =
    category === 'O'
      ? { from: '<cac:PartyLegalEntity>', to: '<cac:PartyTaxScheme><cbc:CompanyID>PT551704632</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>' }
      : { from: /(?:<cac:PartyTaxScheme>.*?<\/cac:PartyTaxScheme>)([^]*?)<cac:TaxRepresentativeParty>.*?<\/cac:TaxRepresentativeParty>/, to: '$1' }; // prettier-ignore
  for (const n of ['02', '03', '04'] as const)
    breaks.push({
      rule: rule(n), words: category === 'O' ? 'a seller with a VAT number' : 'a seller without tax number', options, ...numbers,
      with: [...['02', '03', '04'].filter((other) => other !== n).map(rule), ...(category === 'O' ? [] : ['BR-CO-26'])],
    }); // prettier-ignore
  const wrongRate = category === 'S' ? '0' : '6';
  for (const [n, place] of Object.entries(placeAt)) {
    const number = rule(`0${Number(n) + 3}`);
    const from =
      category === 'O'
        ? new RegExp(`(${place.source}<cbc:ID>O</cbc:ID>)`)
        : new RegExp(`(${place.source}<cbc:ID>${category}</cbc:ID><cbc:Percent>)\\d+`);
    breaks.push({
      rule: number, words: `a rate of ${wrongRate}`, options, from,
      to: category === 'O' ? '$1<cbc:Percent>6</cbc:Percent>' : `$1${wrongRate}`,
      ...(exact ? {} : { with: [rule('08')] }),
    }); // prettier-ignore
  }
  breaks.push(
    {
      rule: rule('08'), words: 'a basis that is off', options, from: '>145.00</cbc:TaxableAmount>',
      to: exact ? '>145.01</cbc:TaxableAmount>' : '>146.00</cbc:TaxableAmount>',
    },
    {
      rule: rule('09'), words: 'a VAT amount that is off', options,
      from: new RegExp('(</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">)[0-9.]+'),
      to: exact ? '$10.01' : '$134.35', with: ['BR-CO-14', ...(exact ? [] : ['BR-CO-17'])],
    },
    withReason
      ? { rule: rule('10'), words: 'no reason', options, from: /<cbc:TaxExemptionReason>.*?<\/cbc:TaxExemptionReason>/, to: '' }
      : { rule: rule('10'), words: 'a reason', options, from: /(<cac:TaxSubtotal>.*?<\/cbc:Percent>)/, to: `$1${REASON}` },
  ); // prettier-ignore
  return breaks;
}

const BUYER_NUMBER = /<cac:PartyTaxScheme><cbc:CompanyID>ES.*?<\/cac:PartyTaxScheme>/;

/** Changes that break the rules of one VAT category each. */
export const VAT_BREAKS: readonly Break[] = [
  ...(Object.keys(PREFIXES) as Category[]).flatMap(ofCategory),
  { rule: 'BR-S-08', words: 'a rate that nothing has, with a basis of 0', from: /(<cac:TaxSubtotal>.*?<\/cac:TaxSubtotal>)/, to: '$1<cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">0.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">0.00</cbc:TaxAmount><cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>6</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>' },
  { rule: 'BR-AE-02', words: 'a buyer without number', options: { category: 'AE' }, from: BUYER_NUMBER, to: '', with: ['BR-AE-03', 'BR-AE-04'] },
  { rule: 'BR-IC-02', words: 'a buyer without VAT number', options: { category: 'K' }, from: BUYER_NUMBER, to: '', with: ['BR-IC-03', 'BR-IC-04'] },
  { rule: 'BR-IC-11', words: 'neither delivery date nor period', options: { category: 'K' }, from: /<cac:InvoicePeriod>.*?<\/cac:InvoicePeriod>([^]*)<cbc:ActualDeliveryDate>.*?<\/cbc:ActualDeliveryDate>/, to: '$1' },
  { rule: 'BR-IC-12', words: 'no country of delivery', options: { category: 'K' }, from: /<cac:DeliveryLocation>.*?<\/cac:DeliveryLocation>/, to: '' },
  { rule: 'BR-O-11', words: 'a row of another category', options: { category: 'O' }, from: /(<cac:TaxSubtotal>.*?<\/cac:TaxSubtotal>)/, to: '$1<cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">0.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">0.00</cbc:TaxAmount><cac:TaxCategory><cbc:ID>L</cbc:ID><cbc:Percent>7</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:TaxSubtotal>' },
  { rule: 'BR-O-12', words: 'a line of another category', options: { category: 'O' }, from: 'ClassifiedTaxCategory><cbc:ID>O', to: 'ClassifiedTaxCategory><cbc:ID>L', with: ['BR-O-08'] },
  { rule: 'BR-O-13', words: 'an allowance of another category', options: { category: 'O' }, from: '150.00</cbc:BaseAmount><cac:TaxCategory><cbc:ID>O', to: '150.00</cbc:BaseAmount><cac:TaxCategory><cbc:ID>L', with: ['BR-O-08'] },
  { rule: 'BR-O-14', words: 'a charge of another category', options: { category: 'O' }, from: '>50.00</cbc:BaseAmount><cac:TaxCategory><cbc:ID>O', to: '>50.00</cbc:BaseAmount><cac:TaxCategory><cbc:ID>L', with: ['BR-O-08'] },
]; // prettier-ignore
