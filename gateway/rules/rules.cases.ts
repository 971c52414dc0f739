import type { Break } from './break.ts';
import { VAT_BREAKS } from './vat-categories.cases.ts';

const without = (rule: string, element: string, more: Partial<Break> = {}): Break => ({
  rule,
  words: `no ${element}`,
  from: new RegExp(`<cbc:${element}[^>]*>[^<]*</cbc:${element}>`),
  to: '',
  ...more,
});

/** A third decimal in the first amount after a text. */
function thirdDecimal(rule: string, after: string, more: readonly string[] = []): Break {
  return {
    rule,
    words: `a third decimal after ${after}`,
    from: new RegExp(`(${after}[^>]*>)(-?\\d+\\.\\d\\d)<`),
    to: '$1$20<',
    with: ['UBL-DT-01', ...more],
  };
}

const SELLER = 'AccountingSupplierParty><cac:Party>[^]*?';
const BUYER = 'AccountingCustomerParty><cac:Party>[^]*?';
const LINE = '<cac:InvoiceLine>[^]*?';
const ALLOWANCE =
  '95</cbc:AllowanceChargeReasonCode><cbc:AllowanceChargeReason>Desconto</cbc:AllowanceChargeReason>';

const DOCUMENT: readonly Break[] = [
  without('BR-01', 'CustomizationID'),
  { rule: 'BR-02', words: 'an empty number', from: '>FT A/77<', to: '> <' },
  { rule: 'BR-03', words: 'an empty date', from: '>2026-03-02<', to: '><', with: ['UBL-SCHEMA'] },
  without('BR-04', 'InvoiceTypeCode'),
  without('BR-05', 'DocumentCurrencyCode'),
  { rule: 'BR-16', words: 'no lines', from: /<cac:InvoiceLine>[^]*<\/cac:InvoiceLine>/, to: '', with: ['UBL-SCHEMA', 'BR-CO-10', 'BR-S-08'] },
  { rule: 'BR-29', words: 'a period that ends before it begins', from: '>2026-02-28<', to: '>2026-01-28<' },
  { rule: 'BR-30', words: 'a line period that ends before it begins', from: '>2026-02-12<', to: '>2026-02-09<' },
  {
    rule: 'BR-CO-03', words: 'tax point date and code', from: /<cbc:DocumentCurrencyCode>[^]*?<\/cbc:EndDate>/,
    to: '<cbc:TaxPointDate>2026-02-28</cbc:TaxPointDate><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode><cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode><cac:InvoicePeriod><cbc:DescriptionCode>35</cbc:DescriptionCode>',
  },
  { rule: 'BR-CO-19', words: 'an empty period', from: /<cbc:StartDate>2026-02-01.*?<\/cbc:EndDate>/, to: '' },
  { rule: 'BR-CO-20', words: 'an empty line period', from: /<cbc:StartDate>2026-02-10.*?<\/cbc:EndDate>/, to: '' },
  { rule: 'BR-52', words: 'a supporting document without reference', from: '>Guia 5<', to: '><' },
  { rule: 'BR-55', words: 'a preceding invoice without number', from: '>FT A/12<', to: '><' },
  { rule: 'BR-57', words: 'an address of delivery without country', from: /<cac:Country><cbc:IdentificationCode>IT.*?<\/cac:Country>/, to: '' },
]; // prettier-ignore

const PARTIES: readonly Break[] = [
  { rule: 'BR-06', words: 'no name of the seller', from: /<cbc:RegistrationName>Padaria.*?<\/cbc:RegistrationName>/, to: '' },
  { rule: 'BR-07', words: 'no name of the buyer', from: /<cbc:RegistrationName>Café.*?<\/cbc:RegistrationName>/, to: '' },
  { rule: 'BR-08', words: 'no address of the seller', from: new RegExp(`(${SELLER})<cac:PostalAddress>[^]*?</cac:PostalAddress>`), to: '$1' },
  { rule: 'BR-09', words: 'no country of the seller', from: new RegExp(`(${SELLER})<cac:Country>.*?</cac:Country>`), to: '$1' },
  { rule: 'BR-10', words: 'no address of the buyer', from: new RegExp(`(${BUYER})<cac:PostalAddress>[^]*?</cac:PostalAddress>`), to: '$1' },
  { rule: 'BR-11', words: 'no country of the buyer', from: new RegExp(`(${BUYER})<cac:Country>.*?</cac:Country>`), to: '$1' },
  { rule: 'BR-62', words: 'no scheme of the seller’s address', from: ' schemeID="9946"', to: '' },
  { rule: 'BR-63', words: 'no scheme of the buyer’s address', from: ' schemeID="9920"', to: '' },
  { rule: 'BR-17', words: 'a payee that is the seller', from: 'Factoring, S.A.', to: 'Padaria do Norte' },
  { rule: 'BR-17', words: 'a payee without name', from: '<cac:PartyName><cbc:Name>Factoring, S.A.</cbc:Name></cac:PartyName>', to: '' },
  { rule: 'BR-18', words: 'a tax representative without name', from: '<cac:PartyName><cbc:Name>Representante, Lda.</cbc:Name></cac:PartyName>', to: '' },
  { rule: 'BR-19', words: 'a tax representative without address', from: /<cac:PostalAddress><cac:Country><cbc:IdentificationCode>FR.*?<\/cac:PostalAddress>/, to: '' },
  { rule: 'BR-20', words: 'a tax representative without country', from: /<cac:Country><cbc:IdentificationCode>FR.*?<\/cac:Country>/, to: '' },
  { rule: 'BR-56', words: 'a tax representative without VAT number', from: /<cac:PartyTaxScheme><cbc:CompanyID>FR.*?<\/cac:PartyTaxScheme>/, to: '' },
  { rule: 'BR-CO-09', words: 'a VAT number without country', from: '>PT551704632<', to: '>551704632<' },
  { rule: 'BR-CO-26', words: 'a seller without any number', options: { category: 'O' }, from: '<cbc:CompanyID>551704632</cbc:CompanyID>', to: '' },
]; // prettier-ignore

const TOTALS: readonly Break[] = [
  { rule: 'BR-12', words: 'no sum of the lines', from: /<cbc:LineExtensionAmount currencyID="EUR">150.00<\/cbc:LineExtensionAmount>/, to: '' },
  without('BR-13', 'TaxExclusiveAmount'),
  without('BR-14', 'TaxInclusiveAmount'),
  without('BR-15', 'PayableAmount', { with: ['UBL-SCHEMA'] }),
  { rule: 'BR-CO-10', words: 'a sum of the lines that is a cent off', from: '>150.00</cbc:LineExtensionAmount>', to: '>150.01</cbc:LineExtensionAmount>', with: ['BR-CO-13'] },
  { rule: 'BR-CO-11', words: 'a total of allowances that is none', from: '>10.00</cbc:AllowanceTotalAmount>', to: '>10.01</cbc:AllowanceTotalAmount>', with: ['BR-CO-13'] },
  without('BR-CO-11', 'AllowanceTotalAmount', { with: ['BR-CO-13'] }),
  { rule: 'BR-CO-12', words: 'a total of charges that is none', from: '>5.00</cbc:ChargeTotalAmount>', to: '>5.01</cbc:ChargeTotalAmount>', with: ['BR-CO-13'] },
  { rule: 'BR-CO-13', words: 'a total without VAT that is a cent off', from: '>145.00</cbc:TaxExclusiveAmount>', to: '>145.01</cbc:TaxExclusiveAmount>', with: ['BR-CO-15'] },
  { rule: 'BR-CO-14', words: 'a VAT total that its rows do not come to', from: '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">33.35', to: '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">33.36', with: ['BR-CO-15'] },
  { rule: 'BR-CO-15', words: 'a total with VAT that is a cent off', from: '>178.35<', to: '>178.34<', with: ['BR-CO-16'] },
  { rule: 'BR-CO-15', words: 'no VAT total', from: /<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">.*?<\/cac:TaxTotal>/, to: '', with: ['BR-CO-18', 'BR-S-01'] },
  { rule: 'BR-CO-16', words: 'an amount due that is a cent off', from: '>150.00</cbc:PayableAmount>', to: '>149.99</cbc:PayableAmount>' },
  { rule: 'BR-CO-16', words: 'a rounding that is not counted', from: '>0.01</cbc:PayableRoundingAmount>', to: '>0.02</cbc:PayableRoundingAmount>' },
  { rule: 'BR-CO-18', words: 'no VAT breakdown', from: /<cac:TaxSubtotal>.*?<\/cac:TaxSubtotal>/, to: '', with: ['BR-S-01'] },
  { rule: 'BR-53', words: 'no VAT in the second currency', from: /<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">.*?<\/cac:TaxTotal>/, to: '' },
  without('BR-45', 'TaxableAmount'),
  { rule: 'BR-46', words: 'a row without VAT amount', from: /(<\/cbc:TaxableAmount>)<cbc:TaxAmount.*?<\/cbc:TaxAmount>/, to: '$1', with: ['UBL-SCHEMA', 'BR-CO-14'] },
  { rule: 'BR-47', words: 'a row without category', from: /(<cac:TaxSubtotal>.*?<cac:TaxCategory>)<cbc:ID>S<\/cbc:ID>/, to: '$1', with: ['BR-S-01'] },
  { rule: 'BR-48', words: 'a row without rate', from: /(<cac:TaxSubtotal>.*?)<cbc:Percent>23<\/cbc:Percent>/, to: '$1', with: ['BR-CO-17', 'BR-S-09'] },
  { rule: 'BR-CO-17', words: 'a rate that the VAT does not come from', from: /(<cac:TaxSubtotal>.*?<cbc:Percent>)23/, to: '$16', with: ['BR-S-08', 'BR-S-09'] },
]; // prettier-ignore

const LINES: readonly Break[] = [
  { rule: 'BR-21', words: 'a line without identifier', from: '<cbc:ID>1</cbc:ID>', to: '<cbc:ID></cbc:ID>' },
  without('BR-22', 'InvoicedQuantity', { with: ['BR-23'] }),
  { rule: 'BR-23', words: 'a quantity without unit', from: ' unitCode="C62"', to: '' },
  { rule: 'BR-24', words: 'a line without amount', options: { kind: 'CreditNote' }, from: '<cbc:LineExtensionAmount currencyID="EUR">50.00</cbc:LineExtensionAmount>', to: '', with: ['BR-CO-10', 'BR-S-08'] },
  { rule: 'BR-25', words: 'an item without name', from: '<cbc:Name>Artigo 1</cbc:Name>', to: '' },
  { rule: 'BR-26', words: 'a line without price', from: '<cac:Price><cbc:PriceAmount currencyID="EUR">46.00</cbc:PriceAmount></cac:Price>', to: '' },
  { rule: 'BR-27', words: 'a negative price', from: '>46.00</cbc:PriceAmount>', to: '>-46.00</cbc:PriceAmount>' },
  { rule: 'BR-28', words: 'a negative gross price', from: '>12.000000<', to: '>-12.000000<' },
  { rule: 'BR-54', words: 'an attribute without value', from: '<cbc:Value>Azul</cbc:Value>', to: '' },
  { rule: 'BR-64', words: 'an item identifier without scheme', from: ' schemeID="0160"', to: '' },
  { rule: 'BR-65', words: 'a classification without list', from: ' listID="HS"', to: '' },
  { rule: 'BR-41', words: 'a line allowance without amount', from: '<cbc:Amount currencyID="EUR">20.00</cbc:Amount>', to: '', with: ['UBL-SCHEMA'] },
  { rule: 'BR-42', words: 'a line allowance without reason', from: '<cbc:AllowanceChargeReason>Promoção</cbc:AllowanceChargeReason>', to: '', with: ['BR-CO-23'] },
  { rule: 'BR-CO-23', words: 'a line allowance with an empty reason', from: '>Promoção<', to: '><', with: ['BR-42'] },
  { rule: 'BR-43', words: 'a line charge without amount', from: '<cbc:Amount currencyID="EUR">4.00</cbc:Amount>', to: '', with: ['UBL-SCHEMA'] },
  { rule: 'BR-44', words: 'a line charge without reason', from: '<cbc:AllowanceChargeReason>Embalagem</cbc:AllowanceChargeReason>', to: '', with: ['BR-CO-24'] },
  { rule: 'BR-CO-24', words: 'a line charge with an empty reason', from: '>Embalagem<', to: '><', with: ['BR-44'] },
  { rule: 'BR-CO-04', words: 'a line without category', from: /(ClassifiedTaxCategory><cbc:ID>)S</, to: '$1<', with: ['BR-CL-18', 'BR-S-08'] },
  { rule: 'UBL-SR-34', words: 'two notes of a line', from: '<cbc:ID>1</cbc:ID>', to: '<cbc:ID>1</cbc:ID><cbc:Note>a</cbc:Note><cbc:Note>b</cbc:Note>' },
  { rule: 'UBL-SR-48', words: 'two categories of a line', from: /(<cac:ClassifiedTaxCategory>.*?<\/cac:ClassifiedTaxCategory>)/, to: '$1$1' },
  { rule: 'UBL-SR-50', words: 'two descriptions of an item', from: '<cbc:Description>Em caixa 1</cbc:Description>', to: '<cbc:Description>a</cbc:Description><cbc:Description>b</cbc:Description>' },
]; // prettier-ignore

const CONDITIONS: readonly Break[] = [
  { rule: 'BR-31', words: 'an allowance without amount', from: /<cbc:Amount currencyID="EUR">10.00<\/cbc:Amount>/, to: '', with: ['UBL-SCHEMA', 'BR-CO-11', 'BR-S-08'] },
  { rule: 'BR-32', words: 'an allowance without category', from: /(150.00<\/cbc:BaseAmount>)<cac:TaxCategory>.*?<\/cac:TaxCategory>/, to: '$1', with: ['BR-S-08'] },
  { rule: 'BR-33', words: 'an allowance without reason', from: `<cbc:AllowanceChargeReasonCode>${ALLOWANCE}`, to: '', with: ['BR-CO-21'] },
  { rule: 'BR-CO-21', words: 'an allowance with an empty reason', from: ALLOWANCE, to: '</cbc:AllowanceChargeReasonCode>', with: ['BR-33', 'BR-CL-19'] },
  { rule: 'BR-36', words: 'a charge without amount', from: /<cbc:Amount currencyID="EUR">5.00<\/cbc:Amount>/, to: '', with: ['UBL-SCHEMA', 'BR-CO-12', 'BR-S-08'] },
  { rule: 'BR-37', words: 'a charge without category', from: /(50.00<\/cbc:BaseAmount>)<cac:TaxCategory>((?!Base).)*?<\/cac:TaxCategory>(<\/cac:AllowanceCharge>\n {2}<cac:TaxTotal>)/, to: '$1$3', with: ['BR-S-08'] },
  { rule: 'BR-38', words: 'a charge without reason', from: '<cbc:AllowanceChargeReason>Portes</cbc:AllowanceChargeReason>', to: '', with: ['BR-CO-22'] },
  { rule: 'BR-CO-22', words: 'a charge with an empty reason', from: '>Portes<', to: '><', with: ['BR-38'] },
  { rule: 'UBL-SR-30', words: 'two reasons of an allowance', from: '<cbc:AllowanceChargeReason>Promoção</cbc:AllowanceChargeReason>', to: '<cbc:AllowanceChargeReason>a</cbc:AllowanceChargeReason><cbc:AllowanceChargeReason>b</cbc:AllowanceChargeReason>' },
  { rule: 'UBL-SR-31', words: 'two reasons of a charge', from: '<cbc:AllowanceChargeReason>Portes</cbc:AllowanceChargeReason>', to: '<cbc:AllowanceChargeReason>a</cbc:AllowanceChargeReason><cbc:AllowanceChargeReason>b</cbc:AllowanceChargeReason>' },
  { rule: 'BR-49', words: 'payment without means', from: '<cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>', to: '', with: ['UBL-SCHEMA'] },
  { rule: 'BR-50', words: 'an account without number', from: '>PT50000201231234567890154<', to: '><' },
  { rule: 'BR-51', words: 'a whole card number', from: '>4556<', to: '>4556123412341234<' },
  { rule: 'BR-61', words: 'a transfer without account', from: /<cac:PayeeFinancialAccount>.*?<\/cac:PayeeFinancialAccount>/, to: '' },
  { rule: 'CREDIT-SIGN', words: 'a credit note with a negative total', options: { kind: 'CreditNote' }, from: '>145.00</cbc:TaxExclusiveAmount>', to: '>-145.00</cbc:TaxExclusiveAmount>', with: ['BR-CO-13', 'BR-CO-15'] },
]; // prettier-ignore

const CODES: readonly Break[] = [
  { rule: 'BR-CL-01', words: 'an invoice with the type of a credit note', from: '>380<', to: '>381<' },
  { rule: 'BR-CL-01', words: 'a credit note with the type of an invoice', options: { kind: 'CreditNote' }, from: '>381<', to: '>380<' },
  { rule: 'BR-CL-03', words: 'an amount in an unknown currency', from: '<cbc:PayableAmount currencyID="EUR">', to: '<cbc:PayableAmount currencyID="EURO">' },
  { rule: 'BR-CL-04', words: 'an unknown currency', from: 'DocumentCurrencyCode>EUR', to: 'DocumentCurrencyCode>€', with: ['BR-CO-15'] },
  { rule: 'BR-CL-05', words: 'an unknown second currency', from: 'TaxCurrencyCode>SEK', to: 'TaxCurrencyCode>kr', with: ['BR-53'] },
  { rule: 'BR-CL-06', words: 'an unknown tax point', from: /<cbc:StartDate>2026-02-01.*?<\/cbc:EndDate>/, to: '<cbc:DescriptionCode>99</cbc:DescriptionCode>' },
  { rule: 'BR-CL-14', words: 'a country in words', from: '<cbc:IdentificationCode>IT<', to: '<cbc:IdentificationCode>Italia<' },
  { rule: 'BR-CL-15', words: 'an unknown origin', from: '<cbc:IdentificationCode>ES</cbc:IdentificationCode></cac:OriginCountry>', to: '<cbc:IdentificationCode>EL</cbc:IdentificationCode></cac:OriginCountry>' },
  { rule: 'BR-CL-16', words: 'an unknown means of payment', from: 'PaymentMeansCode>30<', to: 'PaymentMeansCode>71<' },
  { rule: 'BR-CL-17', words: 'an unknown category of a row', from: /(<cac:TaxSubtotal>.*?<cbc:ID>)S/, to: '$1T', with: ['BR-S-01'] },
  { rule: 'BR-CL-18', words: 'an unknown category of a line', from: 'ClassifiedTaxCategory><cbc:ID>S', to: 'ClassifiedTaxCategory><cbc:ID>T', with: ['BR-S-08'] },
  { rule: 'BR-CL-19', words: 'an unknown reason of an allowance', from: '>95</cbc:AllowanceChargeReasonCode>', to: '>96</cbc:AllowanceChargeReasonCode>' },
  { rule: 'BR-CL-22', words: 'an unknown reason of an exemption', options: { category: 'E' }, from: '<cbc:TaxExemptionReason>', to: '<cbc:TaxExemptionReasonCode>M07</cbc:TaxExemptionReasonCode><cbc:TaxExemptionReason>' },
  { rule: 'BR-CL-23', words: 'an unknown unit', from: 'unitCode="C62"', to: 'unitCode="UNI"' },
]; // prettier-ignore

const DECIMALS: readonly Break[] = [
  thirdDecimal('BR-DEC-01', 'Desconto</cbc:AllowanceChargeReason><cbc:Amount'),
  thirdDecimal('BR-DEC-02', '10.00</cbc:Amount><cbc:BaseAmount'),
  thirdDecimal('BR-DEC-05', 'Portes</cbc:AllowanceChargeReason><cbc:Amount'),
  thirdDecimal('BR-DEC-06', '5.00</cbc:Amount><cbc:BaseAmount'),
  thirdDecimal('BR-DEC-09', 'LegalMonetaryTotal>\\s*<cbc:LineExtensionAmount'),
  thirdDecimal('BR-DEC-10', '<cbc:AllowanceTotalAmount'),
  thirdDecimal('BR-DEC-11', '<cbc:ChargeTotalAmount'),
  thirdDecimal('BR-DEC-12', '<cbc:TaxExclusiveAmount'),
  thirdDecimal('BR-DEC-13', '<cac:TaxTotal><cbc:TaxAmount'),
  thirdDecimal('BR-DEC-14', '<cbc:TaxInclusiveAmount'),
  thirdDecimal('BR-DEC-15', '<cbc:TaxAmount currencyID="SEK"'),
  thirdDecimal('BR-DEC-16', '<cbc:PrepaidAmount'),
  thirdDecimal('BR-DEC-17', '<cbc:PayableRoundingAmount'),
  thirdDecimal('BR-DEC-18', '<cbc:PayableAmount'),
  thirdDecimal('BR-DEC-19', '<cbc:TaxableAmount'),
  thirdDecimal('BR-DEC-20', '</cbc:TaxableAmount><cbc:TaxAmount'),
  thirdDecimal('BR-DEC-23', `${LINE}<cbc:LineExtensionAmount`),
  thirdDecimal('BR-DEC-24', 'Promoção</cbc:AllowanceChargeReason><cbc:Amount'),
  thirdDecimal('BR-DEC-25', '20.00</cbc:Amount><cbc:BaseAmount'),
  thirdDecimal('BR-DEC-27', 'Embalagem</cbc:AllowanceChargeReason><cbc:Amount'),
  thirdDecimal('BR-DEC-28', '4.00</cbc:Amount><cbc:BaseAmount'),
  { rule: 'UBL-DT-01', words: 'three decimals in an amount of no rule', from: '<cac:PaymentTerms><cbc:Note>30 dias</cbc:Note>', to: '<cac:PaymentTerms><cbc:Note>30 dias</cbc:Note><cbc:Amount currencyID="EUR">1.005</cbc:Amount>' },
]; // prettier-ignore

const twice = (rule: string, words: string, from: RegExp): Break => ({ rule, words, from, to: '$1$1' });

const SYNTAX: readonly Break[] = [
  twice('UBL-SR-05', 'payment terms twice', /(<cac:PaymentTerms>.*?<\/cac:PaymentTerms>)/),
  twice('UBL-SR-08', 'two invoicing periods', /(<cac:InvoicePeriod><cbc:StartDate>2026-02-01.*?<\/cac:InvoicePeriod>)/),
  twice('UBL-SR-09', 'two names of the seller', /(<cac:PartyLegalEntity><cbc:RegistrationName>Padaria.*?<\/cac:PartyLegalEntity>)/),
  twice('UBL-SR-10', 'two trading names of the seller', /(<cac:PartyName><cbc:Name>Padaria.*?<\/cac:PartyName>)/),
  { rule: 'UBL-SR-11', words: 'two registration numbers of the seller', options: { category: 'O' }, from: /(<\/cac:PartyTaxScheme>)?(<cac:PartyLegalEntity>)<cbc:RegistrationName>Padaria do Norte, Lda.<\/cbc:RegistrationName>(.*?)<\/cac:PartyLegalEntity>/, to: '<cac:PartyLegalEntity><cbc:RegistrationName>P</cbc:RegistrationName>$3</cac:PartyLegalEntity><cac:PartyLegalEntity>$3</cac:PartyLegalEntity>' },
  twice('UBL-SR-12', 'two VAT numbers of the seller', /(<cac:PartyTaxScheme><cbc:CompanyID>PT.*?<\/cac:PartyTaxScheme>)/),
  { rule: 'UBL-SR-13', words: 'two other tax numbers of the seller', from: /(<cac:PartyTaxScheme><cbc:CompanyID>PT)/, to: `${'<cac:PartyTaxScheme><cbc:CompanyID>7</cbc:CompanyID><cac:TaxScheme><cbc:ID>TAX</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>'.repeat(2)}$1` },
  twice('UBL-SR-15', 'two names of the buyer', /(<cac:PartyLegalEntity><cbc:RegistrationName>Café.*?<\/cac:PartyLegalEntity>)/),
  { rule: 'UBL-SR-17', words: 'two registration numbers of the buyer', from: /<cac:PartyLegalEntity>(<cbc:RegistrationName>Café.*?<\/cbc:RegistrationName>)/, to: '<cac:PartyLegalEntity>$1<cbc:CompanyID>1</cbc:CompanyID></cac:PartyLegalEntity><cac:PartyLegalEntity><cbc:CompanyID>2</cbc:CompanyID>' },
  twice('UBL-SR-18', 'two VAT numbers of the buyer', /(<cac:PartyTaxScheme><cbc:CompanyID>ES.*?<\/cac:PartyTaxScheme>)/),
  twice('UBL-SR-24', 'two deliveries', /(<cac:Delivery>.*?<\/cac:Delivery>)/),
  twice('UBL-SR-40', 'two trading names of the buyer', /(<cac:PartyName><cbc:Name>Café.*?<\/cac:PartyName>)/),
  { ...twice('UBL-SR-45', 'two due dates', /(<cac:PaymentMeans>.*?<\/cac:PaymentMeans>)/), options: { kind: 'CreditNote' } },
  { rule: 'UBL-SR-32', words: 'two reasons of an exemption', options: { category: 'E' }, from: /(<cbc:TaxExemptionReason>.*?<\/cbc:TaxExemptionReason>)/, to: '$1$1' },
  { rule: 'UBL-SR-53', words: 'a tax number without scheme', from: /(PT551704632<\/cbc:CompanyID><cac:TaxScheme><cbc:ID>)VAT/, to: '$1', with: ['BR-CO-26'] },
  { rule: 'UBL-SCHEMA', words: 'elements in another order', from: /(<cbc:ID>FT A\/77<\/cbc:ID>)\s*(<cbc:IssueDate>.*?<\/cbc:IssueDate>)/, to: '$2$1' },
  { rule: 'UBL-SCHEMA', words: 'an element that UBL does not have', from: '<cac:PaymentTerms>', to: '<cac:PaymentTerms><cbc:Remark>a</cbc:Remark>' },
  { rule: 'UBL-SCHEMA', words: 'an element too many', from: /(<cbc:DueDate>.*?<\/cbc:DueDate>)/, to: '$1$1' },
  { rule: 'UBL-SCHEMA', words: 'an element too few', from: '<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>', to: '</cac:PartyTaxScheme>', with: ['UBL-SR-53', 'BR-CO-26'] },
  { rule: 'UBL-SCHEMA', words: 'a day that the calendar does not have', from: '>2026-02-28<', to: '>2026-02-29<' },
  { rule: 'UBL-SCHEMA', words: 'a quantity that is no number', from: '>11</cbc:InvoicedQuantity>', to: '>11 kg</cbc:InvoicedQuantity>' },
  { rule: 'UBL-SCHEMA', words: 'an amount without currency', from: '<cbc:PayableAmount currencyID="EUR">', to: '<cbc:PayableAmount>' },
]; // prettier-ignore

export const BREAKS: readonly Break[] = [
  ...DOCUMENT,
  ...PARTIES,
  ...TOTALS,
  ...LINES,
  ...CONDITIONS,
  ...CODES,
  ...DECIMALS,
  ...SYNTAX,
  ...VAT_BREAKS,
];
