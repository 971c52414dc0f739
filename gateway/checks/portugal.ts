import Big from 'big.js';
import { ATCUD, isIbanValid, isNif } from '../values/identifiers.ts';
import { asQr, QR_LETTER_BY_FIELD } from '../found-invoice/qr-payload.ts';
import type { Invoice, Party } from '../found-invoice/invoice.ts';
import type { Check, Comparison } from './check.ts';

function bareNif(party: Party): string | undefined {
  const value = party.vatId?.value;
  return value === undefined ? undefined : value.replace(/^PT/, '');
}

/** PT-NIF-SELLER: the check digit of the seller's NIF is right (modulo 11; Decreto-Lei 14/2013). */
const nifSeller: Check = ({ invoice }) => {
  const nif = bareNif(invoice.seller);
  const ok = nif !== undefined && isNif(nif);
  return [{ ok, what: 'NIF of the seller', left: nif ?? 'missing', right: 'a valid NIF' }];
};

/**
 * PT-NIF-BUYER: the check digit of the buyer's NIF is right, if the buyer has a NIF. Foreign buyers have other
 * numbers.
 */
const nifBuyer: Check = ({ invoice }) => {
  const nif = bareNif(invoice.buyer);
  if (nif === undefined || /^[A-Z]{2}/.test(nif)) return [];
  return [{ ok: isNif(nif), what: 'NIF of the buyer', left: nif, right: 'a valid NIF' }];
};

/**
 * PT-ATCUD: the ATCUD is a validation code, a hyphen and a number. The number is also part of the document's number
 * (Portaria 195/2020, article 3).
 */
const atcud: Check = ({ invoice }) => {
  const value = invoice.fields.get('atcud')?.value;
  if (value === undefined) return [];
  const findings: Comparison[] = [
    { ok: ATCUD.test(value), what: 'form of the ATCUD', left: value, right: 'CODE-NUMBER' },
  ];
  const own = /(\d+)$/.exec(value)?.[1];
  const number = /(\d+)\s*$/.exec(invoice.fields.get('number')?.value ?? '')?.[1];
  const what = 'number in the ATCUD and of the document';
  if (own !== undefined && number !== undefined)
    findings.push({ ok: Number(own) === Number(number), what, left: own, right: number });
  return findings;
};

/** PT-ATCUD-PAGES: a document of several pages has the same ATCUD on each page (Portaria 195/2020, article 5). */
const atcudPages: Check = ({ invoice }) => {
  const value = invoice.fields.get('atcud')?.value;
  if (value === undefined || invoice.pages < 2) return [];
  const right = [...invoice.atcudByPage.values()].filter((code) => code === value).length;
  const ok = right === invoice.pages && invoice.atcudByPage.size === invoice.pages;
  return [{ ok, what: 'pages with the ATCUD', left: String(right), right: String(invoice.pages) }];
};

/**
 * Rates of IVA by region since 2011: mainland, Madeira, Azores (CIVA article 18; regional decrees). 0 stands for
 * exempt.
 */
const RATES_BY_REGION: Readonly<Record<string, readonly string[]>> = {
  PT: ['0', '6', '13', '23'],
  'PT-MA': ['0', '4', '5', '12', '22'],
  'PT-AC': ['0', '4', '5', '9', '10', '16', '18'],
};

/** PT-IVA-RATE: all rates belong to one Portuguese region. */
const ivaRate: Check = ({ invoice }) => {
  const rates = [
    ...new Set(
      [...invoice.vat.map((row) => row.rate.value), ...invoice.lines.map((line) => line.rate?.value)]
        .filter((r) => r !== undefined)
        .map((r) => new Big(r).toString()),
    ),
  ];
  const region = Object.entries(RATES_BY_REGION).find(([, allowed]) =>
    rates.every((rate) => allowed.includes(rate)),
  );
  if (rates.length === 0) return [];
  return [
    { ok: region !== undefined, what: 'IVA rates', left: rates.join(', '), right: 'rates of one region' },
  ];
};

/**
 * PT-WITHHOLDING: the amount withheld is a share of the net amount that the law allows. It is at most 35 % (CIRS
 * article 101, CIRC article 94).
 */
const withholding: Check = ({ amounts: { withholding: withheld, net } }) => {
  if (withheld.eq(0)) return [];
  const ok = withheld.gt(0) && withheld.lte(net.times('0.35').plus('0.01'));
  const right = `at most 35 % of ${net.toFixed(2)}`;
  return [{ ok, what: 'tax withheld', left: withheld.toFixed(2), right }];
};

/** IBAN: the check digits are right (ISO 13616). */
const ibanRule: Check = ({ invoice }) => {
  const iban = invoice.fields.get('iban')?.value;
  return iban === undefined
    ? []
    : [{ ok: isIbanValid(iban), what: 'check digits of the IBAN', left: iban, right: 'valid' }];
};

/**
 * The letters of bases and taxes in the QR code (AT, QR specification, fields I2 to K8). The first is the region, 1 to
 * 3, the second the class of rate.
 */
const BREAKDOWN_LETTERS = ['2', '3', '4', '5', '6', '7', '8'] as const;

/** PT-QR: each field of the AT's QR code equals the value on the page (Portaria 195/2020; AT, QR specification 1.0). */
const qrCode: Check = ({ invoice, qr }) => {
  const payload = qr[0];
  if (!payload) return [];
  const findings: Comparison[] = [];
  const same = (what: string, letter: string, own: string | undefined): void => {
    const wanted = payload.get(letter);
    if (wanted === undefined || (letter === 'H' && wanted === '0')) return;
    const amounts = /^-?\d+(?:\.\d+)?$/;
    const equal =
      own !== undefined &&
      (own === wanted ||
        (amounts.test(own) && amounts.test(wanted) && own.length < 16 && new Big(own).eq(wanted)));
    const compared = `${what} (field ${letter} of the QR code)`;
    findings.push({ ok: equal, what: compared, left: own ?? 'missing', right: wanted });
  };
  same('NIF of the seller', 'A', bareNif(invoice.seller));
  // The AT's number 999999990 stands for a buyer who gave none.
  if (payload.get('B') !== '999999990') same('NIF of the buyer', 'B', bareNif(invoice.buyer));
  for (const [field, letter] of Object.entries(QR_LETTER_BY_FIELD)) {
    const value = invoice.fields.get(field)?.value;
    same(field, letter, value === undefined ? undefined : asQr(field, value));
  }
  if (invoice.documentType !== '') same('document type', 'D', invoice.documentType);
  findings.push(...breakdown(invoice, payload));
  return findings;
};

function breakdown(invoice: Invoice, payload: ReadonlyMap<string, string>): Comparison[] {
  const bases: Big[] = [];
  const taxes: Big[] = [];
  for (const region of ['I', 'J', 'K'])
    for (const letter of BREAKDOWN_LETTERS) {
      const value = payload.get(`${region}${letter}`);
      if (value === undefined || !/^-?\d+(?:\.\d+)?$/.test(value)) continue;
      (letter === '2' || Number(letter) % 2 === 1 ? bases : taxes).push(new Big(value));
    }
  const list = (values: readonly Big[]): string =>
    values
      .filter((v) => !v.eq(0))
      .sort((a, b) => a.cmp(b))
      .map((v) => v.toFixed(2))
      .join(' ');
  const own = (pick: (row: Invoice['vat'][number]) => string): Big[] =>
    invoice.vat.map((row) => new Big(pick(row)));
  const findings: Comparison[] = [];
  const compare = (what: string, left: string, right: string): void =>
    void findings.push({ ok: left === right, what, left, right });
  if (bases.length > 0 && payload.get('L') === undefined)
    compare('bases by rate (fields I to K of the QR code)', list(own((row) => row.basis.value)), list(bases));
  if (bases.length > 0)
    compare('taxes by rate (fields I to K of the QR code)', list(own((row) => row.tax.value)), list(taxes));
  return findings;
}

export const PORTUGAL: Readonly<Record<string, Check>> = {
  'PT-NIF-SELLER': nifSeller,
  'PT-NIF-BUYER': nifBuyer,
  'PT-ATCUD': atcud,
  'PT-ATCUD-PAGES': atcudPages,
  'PT-IVA-RATE': ivaRate,
  'PT-QR': qrCode,
  'PT-WITHHOLDING': withholding,
  IBAN: ibanRule,
};
