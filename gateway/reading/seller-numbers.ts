import type { Found } from '../printed/provenance.ts';
import { foundIn } from '../printed/provenance.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { isLuhn } from '../values/national-numbers.ts';
import type { ReadDocument } from './document.ts';
import type { TextBlock } from './text-blocks.ts';

/** The kinds of numbers of a seller without VAT number, by the names of the invoice's fields. */
export type SellerNumber = 'sellerTaxNumber' | 'sellerSiren' | 'sellerRegistration' | 'sellerIdentifier';

interface Kind {
  readonly name: SellerNumber;
  /** Labels, without blanks and accents. */
  readonly labels: ReadonlySet<string>;
  /** Returns the number in its written form; undefined for a text of another form. */
  readonly valueOf: (text: string, label: string) => string | undefined;
  /** The country of numbers of this kind (ISO 3166-1), if the kind belongs to one country. */
  readonly country?: string;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const KINDS: readonly Kind[] = [
  {
    // A tax number has ten to thirteen digits in Germany (AO § 139a, § 34b UStG) and nine in Austria (BAO § 114).
    name: 'sellerTaxNumber',
    labels: words('steuernummer steuernr stnr stnummer taxnumber taxno'),
    valueOf: (text) =>
      /^\d{2,5}(?:[/-]?\d{2,5}){1,4}$/.test(text) && /^\d{9,13}$/.test(text.replace(/\D/g, ''))
        ? text
        : undefined,
  },
  {
    name: 'sellerTaxNumber',
    labels: words('codicefiscale codfiscale cf'),
    valueOf: (text) => (/^(?:\d{11}|[A-Z]{6}[A-Z\d]{9}[A-Z])$/.test(text) ? text : undefined),
    country: 'IT',
  },
  {
    // The first nine digits of a SIRET are the SIREN of the company (France, Code de commerce, R123-220).
    name: 'sellerSiren',
    labels: words('siren siret sirensiret nosiren nosiret nsiren nsiret numerosiren numerosiret'),
    valueOf: (text) =>
      /^(?:\d{9}|\d{14})$/.test(text) && isLuhn(text.slice(0, 9)) ? text.slice(0, 9) : undefined,
    country: 'FR',
  },
  {
    name: 'sellerRegistration',
    labels: words('hrb hra'),
    valueOf: (text, label) =>
      /^\d{1,6}[A-Z]{0,2}$/.test(text) ? `${label.toUpperCase()} ${text}` : undefined,
    country: 'DE',
  },
  {
    name: 'sellerRegistration',
    labels: words('fn firmenbuchnr firmenbuchnummer'),
    valueOf: (text) => (/^\d{1,6}[a-z]$/.test(text) ? `FN ${text}` : undefined),
    country: 'AT',
  },
  {
    name: 'sellerRegistration',
    labels: words(
      'companyno companynumber companyregno companyregistrationno companyregistrationnumber registeredno registrationno',
    ),
    valueOf: (text) => (/^(?:\d{8}|[A-Z]{2}\d{6})$/.test(text) ? text : undefined),
  },
  {
    name: 'sellerIdentifier',
    labels: words(
      'lieferantennummer lieferantennr kreditorennummer kreditorennr supplierno suppliernumber supplierid vendorno vendornumber vendorid nofournisseur codefournisseur numerofournisseur codigoproveedor codigodeproveedor noproveedor codicefornitore nofornecedor codigodefornecedor',
    ),
    valueOf: (text) => (/^[A-Z\d][A-Z\d./-]{2,19}$/i.test(text) && /\d/.test(text) ? text : undefined),
  },
];
const MAY_SAY =
  /steuer|st\.?-? ?nr|tax n|fiscale|c\.f\.|sire[nt]|\bhr[ab]\b|\bFN\b|firmenbuch|compan|regist|lieferant|kreditor|supplier|vendor|fournisseur|proveedor|fornitore|fornecedor/i;
const LABEL_TOKENS_MAX = 4;
const VALUE_TOKENS_MAX = 6;
/** The groups of a number are at most this many font sizes apart. */
const GROUP_GAP_MAX = 1.4;
/** A value may stand at most this many font sizes below its label. */
const BELOW_STEP_MAX = 2;

export interface SellerNumbers {
  readonly numbers: ReadonlyMap<SellerNumber, Found>;
  /** The country of the numbers; undefined if no number shows it. */
  readonly country: string | undefined;
}

/**
 * Finds the numbers of a seller without VAT number. A kind of number counts if exactly one number of this kind stands
 * outside the buyer's blocks.
 */
export function sellerNumbers(document: ReadDocument, ofBuyer: readonly TextBlock[]): SellerNumbers {
  const numbers = new Map<SellerNumber, Found>();
  const countries = new Set<string>();
  if (!MAY_SAY.test(document.text)) return { numbers, country: undefined };
  const others = new Set(ofBuyer.flatMap(({ cells }) => cells.flatMap(({ tokens }) => tokens)));
  for (const kind of KINDS) {
    const found = document.lines
      .filter(({ rotated }) => !rotated)
      .flatMap((line) => inLine(kind, line, document, others));
    const [first] = found;
    if (first === undefined || numbers.has(kind.name) || found.some(({ value }) => value !== first.value))
      continue;
    numbers.set(kind.name, first);
    if (kind.country !== undefined) countries.add(kind.country);
  }
  const [country] = countries;
  return { numbers, country: countries.size === 1 ? country : undefined };
}

function inLine(kind: Kind, line: TokenLine, document: ReadDocument, others: ReadonlySet<Token>): Found[] {
  return line.tokens.flatMap((token, at): Found[] => {
    if (others.has(token) || NOT_OURS.has(line.tokens[at - 1]?.key ?? '')) return [];
    const label = labelFrom(kind, line, at);
    if (label === undefined) return [];
    const beside = valueIn(kind, line.tokens.slice(label.end), label.key);
    const found = beside ?? valueBelow(kind, label, token, { line, document });
    return found ? [found] : [];
  });
}

/** Words with which the seller refers to the receiver's number. */
const NOT_OURS = words(
  'ihre ihr your votre vos su sus vostro vostra vossa vosso sua seu kunden customer client cliente',
);

interface Label {
  readonly key: string;
  readonly end: number;
}

/** Finds the longest label that begins at a token. */
function labelFrom({ labels }: Kind, { tokens }: TokenLine, from: number): Label | undefined {
  let key = '';
  let found: Label | undefined;
  for (const [i, token] of tokens.slice(from, from + LABEL_TOKENS_MAX).entries()) {
    if (i > 0 && token.gap > GROUP_GAP_MAX) break;
    key += token.key;
    if (labels.has(key)) found = { key, end: from + i + 1 };
  }
  return found;
}

function valueIn(kind: Kind, tokens: readonly Token[], label: string): Found | undefined {
  const start = tokens.findIndex(({ text }) => !/^[:#./-]+$/.test(text));
  let text = '';
  let best: Found | undefined;
  const own = start < 0 ? [] : tokens.slice(start, start + VALUE_TOKENS_MAX);
  for (const [i, token] of own.entries()) {
    if (i > 0 && token.gap > GROUP_GAP_MAX) break;
    text += token.text.replace(/[,;]$/, '');
    const value = kind.valueOf(text, label);
    if (value !== undefined)
      best = foundIn(value, own.slice(0, i + 1), `label of the seller's ${label}`, 0.8);
  }
  return best;
}

function valueBelow(
  kind: Kind,
  { key, end }: Label,
  first: Token,
  { line, document }: { readonly line: TokenLine; readonly document: ReadDocument },
): Found | undefined {
  // Text beside the label is the value of the label, so nothing below it counts.
  if ((line.tokens[end]?.gap ?? GROUP_GAP_MAX + 1) <= GROUP_GAP_MAX) return undefined;
  for (const under of document.lines.slice(line.index + 1)) {
    if (under.page !== line.page || under.y - line.y > BELOW_STEP_MAX * line.size) break;
    const at = under.tokens.findIndex((token) => Math.abs(token.x0 - first.x0) < 3);
    const found = at < 0 ? undefined : valueIn(kind, under.tokens.slice(at), key);
    if (found) return found;
  }
  return undefined;
}
