import type { CheckFinding } from '../checks/check.ts';
import { CHECKS, runChecks, sentenceOf } from '../checks/run-checks.ts';
import type { JudgedFinding } from '../checks/run-checks.ts';
import { domesticWarnings } from '../found-invoice/domestic-buyer.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { deliveryWarnings } from '../found-invoice/delivery.ts';
import { OCR_SURE } from '../pdf/recognised.ts';
import type { InvoiceValue } from './invoice-values.ts';
import { valuesOf } from './invoice-values.ts';

/** Checks that a scan must pass, whatever its mapping asks for. These checks prove the numbers of the scan. */
const ALWAYS: readonly string[] = [
  'LINE-NET',
  'DATES',
  'BR-CO-10',
  'BR-CO-13',
  'BR-CO-14',
  'BR-CO-15',
  'BR-CO-16',
  'BR-CO-17',
];

const strictMappings = new WeakMap<InvoiceMapping, InvoiceMapping>();

/** Returns the mapping with each of its checks as an error, and with the checks that prove numbers. */
export function strict(mapping: InvoiceMapping): InvoiceMapping {
  const known = strictMappings.get(mapping);
  if (known) return known;
  const rules = [...new Set([...mapping.checks.map(({ rule }) => rule), ...ALWAYS])].filter(
    (rule) => rule in CHECKS,
  );
  const made: InvoiceMapping = {
    ...mapping,
    checks: rules.map((rule) => ({ rule, severity: 'error' as const })),
  };
  strictMappings.set(mapping, made);
  return made;
}

/** The data with which values from OCR are checked. */
export interface ScanCase {
  readonly mapping: InvoiceMapping;
  readonly codes: readonly QrPayload[];
}

/**
 * Returns the errors and warnings about a result that OCR read. An assumed value is an error, and so is a number that
 * is neither certain nor proven. Uncertain words are a warning.
 */
export function scanFindings(invoice: Invoice, scan: ScanCase): JudgedFinding[] {
  const values = valuesOf(invoice, scan.mapping);
  return [...assumed(invoice), ...values.flatMap((value) => unsure(value, invoice, scan))];
}

/** Returns the values of the result that are nowhere on the page. */
export function assumed(invoice: Invoice): JudgedFinding[] {
  const said = [
    ...[...domesticWarnings(invoice), ...deliveryWarnings(invoice)].map(({ message }) => message),
    ...(invoice.currency.rule.startsWith('derived') && invoice.currency.value !== ''
      ? ['The currency is not printed.']
      : []),
    ...(invoice.typeIsAssumed ? ['The page does not say what kind of document it is.'] : []),
    ...invoice.lines.flatMap((line, at) => lackingIn(line).map((what) => `Line ${at + 1} has no ${what}.`)),
  ];
  return said.map((sentence) => finding('OCR-ASSUMED', 'error', sentence));
}

function lackingIn({ qty, price, total }: Invoice['lines'][number]): string[] {
  return Object.entries({ quantity: qty, price, amount: total })
    .filter(([, found]) => found === undefined || found.rule.startsWith('derived'))
    .map(([what]) => what);
}

function unsure(
  { what, found, isText, replaced }: InvoiceValue,
  invoice: Invoice,
  scan: ScanCase,
): JudgedFinding[] {
  if (found.ocr === undefined || found.ocr >= OCR_SURE) return [];
  if (!isText && isProven(found.value, replaced, { invoice, scan })) return [];
  const sentence = `${what[0]?.toUpperCase()}${what.slice(1)}, “${found.raw}”, was read by OCR and is not sure.`;
  return [finding('OCR-UNSURE', isText ? 'warning' : 'error', sentence)];
}

function finding(rule: string, severity: JudgedFinding['severity'], sentence: string): JudgedFinding {
  return { rule, ok: false, what: 'text read by OCR', left: 'not sure', right: 'sure', severity, sentence };
}

/** True when the value is proven: if OCR had mistaken it for another value, a check that now holds would fail. */
function isProven(
  value: string,
  replaced: (value: string) => Invoice,
  { invoice, scan }: { readonly invoice: Invoice; readonly scan: ScanCase },
): boolean {
  const rules = strict(scan.mapping);
  const broken = (of: Invoice): ReadonlySet<string> =>
    new Set(
      runChecks(of, rules, scan.codes)
        .filter(({ ok }) => !ok)
        .map((one: CheckFinding) => sentenceOf(one)),
    );
  const before = broken(invoice);
  const others = confusions(value);
  return (
    others.length > 0 &&
    others.every((other) => [...broken(replaced(other))].some((rule) => !before.has(rule)))
  );
}

/** The most digits of a value that is proven digit by digit. */
const DIGITS_TRIED_MAX = 34;

/**
 * Returns the changed forms of a value: another digit in the place of each digit, or another place of the decimal
 * mark. Each change is larger than the tolerance of sums.
 */
function confusions(value: string): string[] {
  const digits = [...value].flatMap((character, at) => (/\d/.test(character) ? [at] : []));
  if (digits.length === 0 || digits.length > DIGITS_TRIED_MAX) return [];
  const swapped = digits.map(
    (at) => value.slice(0, at) + ((Number(value[at]) + 5) % 10) + value.slice(at + 1),
  );
  const isAmount = /^-?\d+(?:\.\d+)?$/.test(value) && Number(value) !== 0;
  const [whole = '', part = ''] = value.split('.');
  return [...swapped, ...(isAmount ? [`${whole}${part}0`, `0.${whole.replace('-', '')}${part}`] : [])];
}
