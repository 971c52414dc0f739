import Big from 'big.js';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { SemanticInvoice } from '../formats/semantic-invoice.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { PrintedValues } from './printed-values.ts';

/** A value that both the e-invoice inside a PDF and its page state. */
interface Shared {
  readonly what: string;
  readonly said: string | undefined;
  /** The value on the page. Undefined when the page was not read, or the reader found nothing. */
  readonly read: string | undefined;
  readonly kind: 'amount' | 'date' | 'identifier';
  /** True for a value that every invoice prints. A page without the value gives a warning. */
  readonly isAlwaysPrinted: boolean;
}

/**
 * Compares number, date and totals of the e-invoice inside a PDF with its page. Returns one warning for each
 * difference.
 * @param read the values of the page when all its checks hold; undefined otherwise
 */
export function disagreements(
  said: SemanticInvoice,
  printed: PrintedValues,
  read: Invoice | undefined,
): GatewayWarning[] {
  return sharedValues(said, read).flatMap((shared) => {
    const sentence = disagreement(shared, printed);
    return sentence === undefined ? [] : [{ code: 'EMBEDDED_DIFFERS', message: sentence }];
  });
}

function sharedValues({ number, issueDate, totals }: SemanticInvoice, read: Invoice | undefined): Shared[] {
  const field = (name: string): string | undefined => read?.fields.get(name)?.value;
  const amount = (what: string, said: string | undefined, name: string): Shared => ({
    what,
    said,
    read: field(name),
    kind: 'amount',
    isAlwaysPrinted: name === 'grand',
  });
  return [
    { what: 'number (BT-1)', said: number, read: field('number'), kind: 'identifier', isAlwaysPrinted: true },
    { what: 'date (BT-2)', said: issueDate, read: field('issueDate'), kind: 'date', isAlwaysPrinted: true },
    amount('total without VAT (BT-109)', totals.net, 'net'),
    amount('VAT (BT-110)', totals.tax, 'tax'),
    amount('total with VAT (BT-112)', totals.grand, 'grand'),
    amount('amount due (BT-115)', totals.payable, 'payable'),
  ];
}

function disagreement(
  { what, said, read, kind, isAlwaysPrinted }: Shared,
  printed: PrintedValues,
): string | undefined {
  if (said === undefined) return undefined;
  const isPrinted =
    kind === 'amount'
      ? printed.hasAmount(said)
      : kind === 'date'
        ? printed.hasDate(said)
        : printed.hasIdentifier(said);
  // When the page prints the number or date of the e-invoice anywhere, page and e-invoice agree. The label on the
  // page may belong to another value.
  if (isPrinted && kind !== 'amount') return undefined;
  const says = `The embedded e-invoice says that the ${what} is ${said}`;
  if (read !== undefined && !isSame(kind, said, read)) return `${says}; the page says ${read}.`;
  return isPrinted || !isAlwaysPrinted ? undefined : `${says}; the page does not print it.`;
}

function isSame(kind: Shared['kind'], said: string, read: string): boolean {
  if (kind === 'identifier') return plain(said) === plain(read);
  if (kind === 'date') return said === read;
  // A credit note may print amounts with a minus while its e-invoice has the same amounts without.
  return isDecimal(said) && isDecimal(read) ? new Big(said).abs().eq(new Big(read).abs()) : said === read;
}

const isDecimal = (text: string): boolean => /^-?\d+(?:\.\d+)?$/.test(text);
const plain = (text: string): string => text.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');
