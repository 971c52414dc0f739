import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What is known to be true of one document; an absent value is not known, and not scored. */
export interface Truth {
  readonly file: string;
  /** Layout or template the document was made with, where the set says; layouts are reported apart. */
  readonly layout: string | undefined;
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  readonly lines: readonly TruthLine[];
  /** True when the values come from elsewhere than the page, so that only those that are visible count. */
  readonly onlyVisible: boolean;
}

export interface TruthLine {
  readonly name: string | undefined;
  readonly qty: string | undefined;
  readonly price: string | undefined;
  readonly total: string | undefined;
}

export const FIELD_NAMES = [
  'id',
  'date',
  'due',
  'sellerVat',
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
const line = z.object({ name: text, qty: text, price: text, total: text });

/** Shape of a `NAME.json` beside `NAME.pdf`. */
const besideSchema = z.object({
  layout: z.union([z.number(), z.string()]).optional(),
  id: text,
  atcud: text,
  date: text,
  due: text,
  seller: z.object({ nif: text }).optional(),
  buyer: z.object({ nif: text }).optional(),
  basis: text,
  tax: text,
  grand: text,
  due_payable: text,
  iban: text,
  lines: z.array(line).default([]),
});

/** Shape of a line of `truth.jsonl`. */
const listedSchema = z.object({
  file: z.string(),
  id: text,
  date: text,
  duedate: text,
  sellervat: text,
  basis: text,
  tax: text,
  grand: text,
  iban: text,
  lines: z.array(line).default([]),
});

/** Every PDF of a folder that has truth, in name order. @throws Error when the folder has none */
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
        .map((name) => beside(folder, name));
  if (truths.length === 0)
    throw new Error(`No PDF with truth in ${folder}: neither NAME.json beside NAME.pdf nor truth.jsonl.`);
  return truths;
}

function beside(folder: string, file: string): Truth {
  const t = besideSchema.parse(
    JSON.parse(readFileSync(join(folder, file.replace(/\.pdf$/, '.json')), 'utf8')),
  );
  return {
    file,
    layout: t.layout === undefined ? undefined : String(t.layout),
    fields: known({
      id: t.id,
      date: t.date,
      due: t.due,
      sellerVat: t.seller?.nif,
      buyerVat: t.buyer?.nif,
      net: t.basis,
      tax: t.tax,
      grand: t.grand,
      payable: t.due_payable,
      iban: t.iban,
      atcud: t.atcud,
    }),
    lines: t.lines.map(lineOf),
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
      sellerVat: t.sellervat,
      net: t.basis,
      tax: t.tax,
      grand: t.grand,
      iban: t.iban,
    }),
    lines: t.lines.map(lineOf),
    onlyVisible: true,
  };
}

function lineOf(l: z.infer<typeof line>): TruthLine {
  return {
    name: l.name ?? undefined,
    qty: l.qty ?? undefined,
    price: l.price ?? undefined,
    total: l.total ?? undefined,
  };
}

function known(fields: Partial<Record<FieldName, string | null | undefined>>): Truth['fields'] {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => typeof value === 'string' && value !== ''),
  );
}
