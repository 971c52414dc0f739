import type { SemanticInvoice, SemanticLine, Text } from './semantic-invoice.ts';

type Column = readonly [
  title: string,
  value: (invoice: SemanticInvoice, line: SemanticLine | undefined) => Text,
];

/**
 * The columns of a row: first the columns of the invoice, which are the same in every row, then the columns of the
 * line.
 */
const COLUMNS: readonly Column[] = [
  ['number', ({ number }) => number],
  ['type', ({ typeCode }) => typeCode],
  ['issueDate', ({ issueDate }) => issueDate],
  ['dueDate', ({ dueDate }) => dueDate],
  ['currency', ({ currency }) => currency],
  ['sellerName', ({ seller }) => seller.name],
  ['sellerVatId', ({ seller }) => seller.vatId ?? seller.registration?.value],
  ['buyerName', ({ buyer }) => buyer.name],
  ['buyerVatId', ({ buyer }) => buyer.vatId ?? buyer.registration?.value],
  ['order', ({ order }) => order],
  ['line', (_, line) => line?.id],
  ['code', (_, line) => line?.sellerCode ?? line?.standardCode?.value ?? line?.buyerCode],
  ['name', (_, line) => line?.name],
  ['description', (_, line) => line?.description],
  ['quantity', (_, line) => line?.quantity],
  ['unit', (_, line) => line?.unit],
  ['price', (_, line) => line?.price],
  ['baseQuantity', (_, line) => line?.baseQuantity],
  ['lineNet', (_, line) => line?.net],
  ['vatCategory', (_, line) => line?.category],
  ['vatRate', (_, line) => line?.rate],
  ['net', ({ totals }) => totals.net],
  ['vat', ({ totals }) => totals.tax],
  ['grand', ({ totals }) => totals.grand],
  ['payable', ({ totals }) => totals.payable],
];

/** With this mark, a spreadsheet program recognises a file as UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF';

/** Writes an invoice as a table by RFC 4180, with a row for each line. An invoice without lines gets one row. */
export function toCsv(invoice: SemanticInvoice): string {
  const lines = invoice.lines.length === 0 ? [undefined] : invoice.lines;
  const rows = lines.map((line) => COLUMNS.map(([, value]) => cell(value(invoice, line) ?? '')));
  const titles = COLUMNS.map(([title]) => title);
  return `${BYTE_ORDER_MARK}${[titles, ...rows].map((row) => row.join(',')).join('\r\n')}\r\n`;
}

const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
/**
 * Matches a text that a spreadsheet program would run as a formula, also after blanks and line breaks (OWASP, "CSV
 * Injection").
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]/u;

/** Writes one cell. A text that would run as a formula gets an apostrophe before it. Numbers get no apostrophe. */
function cell(value: string): string {
  const safe = !NUMBER.test(value) && (FORMULA.test(value) || /^[\t\r\n]/.test(value)) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
