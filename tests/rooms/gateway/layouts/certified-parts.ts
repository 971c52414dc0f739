import Big from 'big.js';
import type { Content } from './content.ts';
import type { Page } from './page.ts';
import { number, put, stack } from './page.ts';
import { fact } from './head.ts';
import { partyLines } from './parties.ts';

const LETTERS = 'BCDFGHJKMNPQRSTVWXYZ';

/** Makes the ATCUD of a document: the validation code of its series, a hyphen and its number in the series. */
export function atcudOf({ id, seller }: Content): string {
  const code = [...seller.vatId.slice(-8)].map((digit, i) => (i % 3 === 0 ? digit : LETTERS[Number(digit)]));
  return `${code.join('')}-${id.split('/')[1] ?? ''}`;
}

/** Prints the ATCUD and records it as printed. */
export function atcudText(page: Page): string {
  page.printed.add('atcud');
  return `ATCUD: ${atcudOf(page.content)}`;
}

/** The sentence of a certified program, with the four characters of the document's hash before it (Portaria 363/2010). */
export function certifiedBy(page: Page, number = '2894'): string {
  const hash = [...page.content.seller.vatId.slice(-4)].map((digit) => LETTERS[Number(digit) + 5]).join('');
  return `${hash}-Processado por programa certificado n.º ${number}/AT`;
}

/** What Portuguese law gives as the code and the reason of an exemption. */
export const REASONS_OF_EXEMPTION = {
  S: '',
  E: 'M07 - Isento artigo 9.º do CIVA',
  AE: 'M40 - IVA - autoliquidação',
  K: 'M16 - Isento artigo 14.º do RITI',
  G: 'M05 - Isento artigo 14.º do CIVA',
  O: 'M99 - Não sujeito ou não tributado',
  Z: 'M99 - Não sujeito ou não tributado',
} as const;

/** How a summary of the VAT is printed. */
export interface SummaryForm {
  readonly x: number;
  readonly y: number;
  readonly heading?: string;
  readonly titles: readonly string[];
  /** The right edges of the cells; the first cell of a row stands at `x`. */
  readonly rights: readonly number[];
  /** The cells of a row. */
  readonly cells?: 'rate, basis, tax' | 'name, rate, basis, tax' | 'rate, basis, tax, gross' | 'rate, basis, tax, reason';
  readonly totals?: boolean;
} // prettier-ignore

/** Prints the summary of the VAT by rate that certified programs print. Returns where it ends. */
export function vatSummary(page: Page, form: SummaryForm): number {
  const { size } = page.look;
  const { content } = page;
  let { y } = form;
  if (form.heading !== undefined) {
    put(page, form.heading, { x: form.x, y, bold: true });
    y += size * 1.5;
  }
  const row = (texts: readonly string[], { bold } = { bold: false }): void => {
    texts.forEach((text, i) =>
      i === 0 || (i === 3 && form.cells === 'rate, basis, tax, reason')
        ? put(page, text, { x: i === 0 ? form.x : (form.rights[3] ?? 0), y, bold })
        : put(page, text, { x: form.rights[i] ?? 0, y, align: 'right', bold }),
    );
    y += size * 1.45;
  };
  row(form.titles, { bold: true });
  for (const { rate, basis, tax } of content.vat) {
    const percent = `${number(page, rate)}%`;
    const gross = new Big(basis).plus(tax).toFixed(2);
    const [b, t, g] = [basis, tax, gross].map((value) => number(page, value));
    const cells: Record<NonNullable<SummaryForm['cells']>, readonly (string | undefined)[]> = {
      'rate, basis, tax': [percent, b, t],
      'name, rate, basis, tax': [rate === '0' ? 'Isento' : 'IVA', percent, b, t],
      'rate, basis, tax, gross': [percent, b, t, g],
      'rate, basis, tax, reason': [percent, b, t, REASONS_OF_EXEMPTION[content.category]],
    };
    row(cells[form.cells ?? 'rate, basis, tax'].map((text) => text ?? ''));
  }
  if (form.totals) row(['Total', number(page, content.net), number(page, content.tax)], { bold: true });
  return y + size;
}

/** Prints labels and amounts, one a line; an empty label is left out. */
export function sums(
  page: Page,
  rows: readonly (readonly [label: string, value: string])[],
  at: { x: number; right: number; y: number },
): number {
  const step = page.look.size * 1.6;
  rows.forEach(([label, value], i) => {
    const bold = i === rows.length - 1;
    put(page, label, { x: at.x, y: at.y + i * step, bold });
    put(page, value, { x: at.right, y: at.y + i * step, align: 'right', bold });
  });
  return at.y + rows.length * step;
}

/** Draws a square of small squares in the place of a QR code. */
export function qrLike(page: Page, x: number, y: number): void {
  for (let row = 0; row < 12; row += 1)
    for (let column = 0; column < 12; column += 1)
      if ((row * 7 + column * 5 + row * column) % 3 === 0)
        page.sheet.rect(x + column * 5, y + row * 5, 5, 5).fill('#000000');
}

/** The register and the capital of a company, as Portuguese letterheads have them. */
export function registerLines(page: Page): string[] {
  return [
    'Capital Social: 50.000,00 €',
    `Matrícula na C.R.C. de ${page.content.seller.place} n.º ${page.content.seller.vatId.slice(2)}`,
  ];
}

/** Prints small grey lines. */
export function small(page: Page, texts: readonly string[], at: { x: number; y: number }): number {
  return stack(page, texts, at, { size: 7, grey: true });
}

/** Name, street and place without any label. */
export function address(page: Page, role: 'seller' | 'buyer'): string[] {
  return partyLines(page, role);
}

/** Prints titles in a row and a value under each. */
export function row(
  page: Page,
  cells: readonly (readonly [title: string, value: string])[],
  at: { x: number; y: number; width: number },
): void {
  cells.forEach(([title, value], i) => {
    put(page, title, { x: at.x + i * at.width, y: at.y, bold: true });
    put(page, value, { x: at.x + i * at.width, y: at.y + page.look.size * 1.4 });
  });
}

/** The number of the document, recorded as printed. */
export const id = (page: Page): string => fact(page, 'number')[1];

/** The date of the document or the day that it is due. */
export const day = (page: Page, name: 'date' | 'due'): string => fact(page, name)[1];
