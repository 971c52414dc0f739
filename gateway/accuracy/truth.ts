import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The known values of one document. An absent value is not known and not scored. */
export interface Truth {
  readonly file: string;
  /** The layout of the document, if the set names it. The report counts layouts separately. */
  readonly layout: string | undefined;
  readonly fields: Readonly<Partial<Record<FieldName, TruthValue>>>;
  /** Undefined when the lines are not known. An empty list says that there are none. */
  readonly lines: readonly TruthLine[] | undefined;
  /** Undefined when the breakdown is not known. */
  readonly vat: readonly TruthVatRow[] | undefined;
  /** True when the values do not come from the page. Then only values that the page shows are scored. */
  readonly onlyVisible: boolean;
}

/** A value, or several values that are all correct. An address on two lines, for example, can be read in two ways. */
export type TruthValue = string | readonly string[];

export interface TruthLine {
  readonly code?: TruthValue | undefined;
  readonly name?: TruthValue | undefined;
  readonly qty?: string | undefined;
  /** The unit as printed, or its code in UN/ECE Recommendation 20. */
  readonly unit?: string | undefined;
  readonly price?: TruthValue | undefined;
  readonly total?: string | undefined;
}

/** One rate of the VAT breakdown; amounts are plain decimals. */
export interface TruthVatRow {
  readonly rate: string;
  readonly basis: string;
  readonly tax: string;
  /** The VAT category (UNCL5305), if it is known. */
  readonly category?: string | undefined;
}

export const FIELD_NAMES = [
  'id',
  'date',
  'due',
  'currency',
  'sellerName',
  'sellerStreet',
  'sellerCity',
  'sellerVat',
  'buyerName',
  'buyerStreet',
  'buyerCity',
  'buyerVat',
  'net',
  'tax',
  'grand',
  'payable',
  'iban',
  'atcud',
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

const text = z.string().nullish();
/** One value, or several values that are all correct. */
const texts = z.union([z.string(), z.array(z.string())]).nullish();
const line = z.object({ code: text, name: texts, qty: text, unit: text, price: text, total: text });
const vatRow = z.object({ rate: text, basis: text, tax: text, category: text });
const party = z.object({ name: text, addr: text, city: text, nif: texts });

/** The shape of a `NAME.json` beside `NAME.pdf`. */
const besideSchema = z.object({
  layout: z.union([z.number(), z.string()]).optional(),
  id: text,
  atcud: text,
  date: text,
  due: text,
  currency: text,
  seller: party.optional(),
  buyer: party.optional(),
  basis: text,
  tax: text,
  grand: text,
  due_payable: text,
  iban: text,
  lines: z.array(line).optional(),
  vat: z.array(vatRow).optional(),
});

/** The shape of a line of `truth.jsonl`. */
const listedSchema = z.object({
  file: z.string(),
  id: text,
  date: text,
  duedate: text,
  cur: text,
  seller: text,
  sellervat: text,
  buyer: text,
  basis: text,
  tax: text,
  grand: text,
  due: text,
  iban: text,
  lines: z.array(line).optional(),
  vatbreak: z.array(vatRow).optional(),
});

/**
 * Returns the truth of every PDF of a folder that has one, sorted by name.
 * @throws Error when no PDF of the folder has a truth
 */
export function readTruths(folder: string): Truth[] {
  const list = join(folder, 'truth.jsonl');
  const truths = existsSync(list)
    ? readFileSync(list, 'utf8')
        .split('\n')
        .filter((row) => row.trim() !== '')
        .map((row) => listed(JSON.parse(row)))
    : readdirSync(folder)
        .filter((name) => name.endsWith('.pdf') && existsSync(join(folder, name.replace(/\.pdf$/, '.json'))))
        .sort()
        .map((name) =>
          truthOf(name, JSON.parse(readFileSync(join(folder, name.replace(/\.pdf$/, '.json')), 'utf8'))),
        );
  if (truths.length === 0)
    throw new Error(`No PDF with truth in ${folder}: neither NAME.json beside NAME.pdf nor truth.jsonl.`);
  return truths;
}

/**
 * Reads the truth of a `NAME.json`.
 * @throws ZodError when the JSON has another shape
 */
export function truthOf(file: string, json: unknown): Truth {
  const t = besideSchema.parse(json);
  return {
    file,
    layout: t.layout === undefined ? undefined : String(t.layout),
    fields: known({
      id: t.id,
      date: t.date,
      due: t.due,
      currency: t.currency,
      sellerName: t.seller?.name,
      sellerStreet: t.seller?.addr,
      sellerCity: t.seller?.city,
      sellerVat: t.seller?.nif,
      buyerName: t.buyer?.name,
      buyerStreet: t.buyer?.addr,
      buyerCity: t.buyer?.city,
      buyerVat: t.buyer?.nif,
      net: t.basis,
      tax: t.tax,
      grand: t.grand,
      payable: t.due_payable,
      iban: t.iban,
      atcud: t.atcud,
    }),
    lines: t.lines?.map(lineOf),
    vat: t.vat?.flatMap(vatRowOf),
    onlyVisible: false,
  };
}

function listed(json: unknown): Truth {
  const t = listedSchema.parse(json);
  return {
    file: t.file,
    layout: undefined,
    fields: known({
      id: t.id,
      date: t.date,
      due: t.duedate,
      currency: t.cur,
      sellerName: t.seller,
      sellerVat: t.sellervat,
      buyerName: t.buyer,
      net: t.basis,
      tax: t.tax,
      grand: t.grand,
      payable: t.due,
      iban: t.iban,
    }),
    lines: t.lines?.map(lineOf),
    vat: t.vatbreak?.flatMap(vatRowOf),
    onlyVisible: true,
  };
}

function lineOf(l: z.infer<typeof line>): TruthLine {
  return Object.fromEntries(Object.entries(l).filter(([, value]) => value !== null && value !== undefined));
}

function vatRowOf({ rate, basis, tax, category }: z.infer<typeof vatRow>): TruthVatRow[] {
  return typeof rate === 'string' && typeof basis === 'string' && typeof tax === 'string'
    ? [{ rate, basis, tax, category: category ?? undefined }]
    : [];
}

/** Returns the fields that have a value. */
export function known(
  fields: Readonly<Partial<Record<FieldName, TruthValue | null | undefined>>>,
): Truth['fields'] {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== null && value !== undefined && value !== '' && value.length > 0,
    ),
  );
}
