import { z } from 'zod';
import { resultMediaTypeSchema } from '../../schemas/protocols/gateway-protocol.ts';
import { linearPattern } from './linear-pattern.ts';

/**
 * The format of a mapping. It is data without code, and its regular expressions run in a linear-time engine.
 * `docs/gateway.md` explains it with examples.
 */
const identifier = z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'a short name in camel case');
const weight = z.number().gt(0).max(1);
const pattern = z
  .string()
  .max(400)
  .superRefine((text, context) => {
    try {
      linearPattern(text);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `is not a regular expression: ${error instanceof Error ? error.message : 'unknown'}`,
      });
    }
  });
/** A printed label. As an object, it can have a weight below 1. */
const label = z.union([
  z.string().min(1).max(80),
  z.strictObject({ text: z.string().min(1).max(80), weight }),
]);
const labels = z.array(label).min(1).max(200);

export const FIELD_TYPES = [
  'money',
  'date',
  'percent',
  'vatId',
  'nif',
  'iban',
  'documentNumber',
  'currency',
  'text',
  'pattern',
] as const;
export const DIRECTIONS = ['right', 'below'] as const;

const fieldSchema = z.strictObject({
  type: z.enum(FIELD_TYPES),
  labels: labels.optional(),
  /** The directions from a label to its value, in order of preference. */
  directions: z.array(z.enum(DIRECTIONS)).min(1).default(['right', 'below']),
  /** Patterns that find the value without a label. If the pattern has a group, group 1 is the value. */
  patterns: z.array(pattern).max(20).optional(),
  /** The value is taken only when it matches this pattern. */
  mustMatch: pattern.optional(),
  /** The region of the field. Only labels inside this region count. */
  region: identifier.optional(),
  required: z.boolean().default(false),
  /** The value is taken only when an equation with this field holds for the value. */
  onlyIfBalanced: z.boolean().default(false),
  /** Drops the sign of an amount. It is for amounts to subtract that are printed with a minus. */
  unsigned: z.boolean().default(false),
});
export type FieldRule = z.infer<typeof fieldSchema>;

const regionSchema = z.strictObject({
  labels,
  /** The region ends at one of these labels, or at the beginning of another region. */
  until: labels.optional(),
  /** Limit of the region's height, in lines of its label's height. */
  linesMax: z.int().min(1).max(60).default(14),
});

export const COLUMN_TYPES = [
  'text',
  'code',
  'money',
  'quantity',
  'percent',
  'unit',
  'integer',
  'date',
] as const;
const columnSchema = z.strictObject({
  type: z.enum(COLUMN_TYPES),
  synonyms: z.array(z.string().min(1).max(80)).min(1).max(120),
});

const tableSchema = z.strictObject({
  columns: z.record(identifier, columnSchema),
  /** The header must have every column of at least one of these sets. */
  headerNeeds: z.array(z.array(identifier).min(1)).min(1),
  /** A line begins a row when all columns of one of these sets have a value on the line. */
  rowAnchor: z.array(z.array(identifier).min(1)).min(1),
  /** True when a line without an anchor belongs to the row close above it, or close below it. */
  continuation: z.boolean().default(true),
  /** Texts of lines with carried amounts between pages. They are never rows. */
  carry: z.array(z.string().max(80)).max(60).default([]),
  /** Texts of lines that end the table. */
  stop: z.array(z.string().max(80)).max(200).default([]),
});
export type TableRule = z.infer<typeof tableSchema>;

/** A VAT number with its country's prefix, without blanks. */
const vatNumber = z
  .string()
  .regex(/^[A-Z]{2}[A-Z0-9+*]{2,13}$/, 'a tax number with its country, PT501234567');

/**
 * The values of a party that a mapping gives. Every result has these values, marked as given. They are compared with
 * the page.
 */
const givenPartySchema = z.strictObject({
  /** The VAT number identifies the party's documents, so no other value is given without it. */
  vatId: vatNumber,
  name: z.string().min(1).max(200).optional(),
  /** The name that the page prints, if it differs from `name`. */
  printedName: z.string().min(1).max(200).optional(),
  street: z.string().min(1).max(200).optional(),
  postalCode: z.string().min(1).max(20).optional(),
  city: z.string().min(1).max(100).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
});

export type GivenParty = z.infer<typeof givenPartySchema>;

const partySchema = z.strictObject({
  /** Titles above or beside the party's block. */
  labels,
  nameLabels: labels.optional(),
  vatLabels: labels,
  /** True when this party may stand without a title, as the block at the top of the first page. */
  atTop: z.boolean().default(false),
  /** The values of a party that is always the same. */
  given: givenPartySchema.optional(),
});
export type PartyRule = z.infer<typeof partySchema>;

const term = z.union([identifier, z.string().regex(/^(lines|vat)\.[a-z][A-Za-z]*$/)]);
/** `sum` of the terms (each may start with `-`) equals `equals`, within `toleranceCents`. */
const equationSchema = z.strictObject({
  sum: z
    .array(z.string().regex(/^-?(?:(?:lines|vat)\.)?[a-z][A-Za-z0-9]*$/))
    .min(1)
    .max(8),
  equals: term,
  toleranceCents: z.number().min(0).max(200).default(0),
});
export type EquationRule = z.infer<typeof equationSchema>;

const deriveSchema = z.union([
  z.strictObject({
    field: identifier,
    sum: z
      .array(z.string().regex(/^-?(?:(?:lines|vat)\.)?[a-z][A-Za-z0-9]*$/))
      .min(1)
      .max(8),
  }),
  z.strictObject({ field: identifier, copy: identifier }),
  z.strictObject({ field: identifier, value: z.string().max(200) }),
]);

const checkSchema = z.strictObject({
  rule: z.string().min(3).max(40),
  severity: z.enum(['error', 'warning']).default('error'),
});

const matchSchema = z.strictObject({
  /** At least one of these patterns must match on the page. */
  anyOf: z.array(pattern).min(1).max(60),
  /** At least this many of the following patterns must be on the page too. */
  evidence: z.array(pattern).max(60).default([]),
  evidenceMin: z.int().min(0).max(20).default(0),
});

const common = {
  $schema: z.string().optional(),
  id: z.string().regex(/^[a-z][a-z0-9_]{2,63}$/),
  version: z.int().min(1),
  label: z.string().min(1).max(120),
  description: z.string().max(600),
  /** The default mapping is locked: an operator can neither remove nor replace it. */
  default: z.boolean().default(false),
  locked: z.boolean().default(false),
  mediaType: resultMediaTypeSchema,
};

export const invoiceMappingSchema = z.strictObject({
  ...common,
  reader: z.literal('invoice'),
  /** True when this mapping passes documents on to the mappings of single sellers. A printed tax number selects one. */
  handsOver: z.boolean().optional(),
  /** Tax numbers of sellers. This mapping converts their documents when another mapping passes them on. */
  forSellers: z.array(vatNumber).min(1).max(50).optional(),
  match: matchSchema,
  numbers: z.enum(['comma', 'point']),
  dateOrder: z.enum(['dmy', 'mdy']).default('dmy'),
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** The country of a seller whose VAT number has no prefix. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  regions: z.record(identifier, regionSchema).default({}),
  /** Texts that look like one of these labels but are not labels. */
  decoys: z.array(z.string().max(80)).max(300).default([]),
  /** Words that distinguish a credit note from an invoice, by document type. */
  documentTypes: z
    .array(
      z.strictObject({
        type: z.string().max(20),
        typeCode: z.string().regex(/^\d{2,3}$/),
        credit: z.boolean().default(false),
        titles: z.array(z.string().max(80)).min(1),
      }),
    )
    .min(1),
  fields: z.record(identifier, fieldSchema),
  parties: z.strictObject({ seller: partySchema, buyer: partySchema }),
  tables: z.strictObject({ lines: tableSchema, vat: tableSchema }),
  equations: z.array(equationSchema).max(20),
  derive: z.array(deriveSchema).max(20),
  checks: z.array(checkSchema).max(80),
  output: z.strictObject({
    writer: z.literal('ubl'),
    customizationId: z.string().max(200),
    profileId: z.string().max(200).optional(),
    /** With `cius-pt` the result must also keep the rules of the Portuguese specification. */
    target: z.enum(['en16931', 'cius-pt']),
  }),
});
export type InvoiceMapping = z.infer<typeof invoiceMappingSchema>;

export const embeddedMappingSchema = z.strictObject({
  ...common,
  reader: z.literal('embedded'),
  /** An attachment with one of these root elements is an e-invoice: local name and namespace. */
  roots: z.array(z.strictObject({ name: z.string().max(80), namespace: z.string().max(200) })).min(1),
  attachmentsMax: z.int().min(1).max(1000).default(200),
  bytesMax: z.int().min(1024).max(50_000_000).default(20_000_000),
});
export type EmbeddedMapping = z.infer<typeof embeddedMappingSchema>;

const mappingId = z.string().regex(/^[a-z][a-z0-9_]{2,63}$/);

export const detectMappingSchema = z.strictObject({
  ...common,
  reader: z.literal('detect'),
  /** The mapping of embedded e-invoices, which is tried first. */
  embedded: mappingId,
  /**
   * Mappings for the words on the page. The gateway takes the first mapping whose `when` is true or that has no
   * `when`.
   */
  pages: z
    .array(z.strictObject({ mapping: mappingId, when: matchSchema.optional() }))
    .min(1)
    .max(20),
});
export type DetectMapping = z.infer<typeof detectMappingSchema>;

export const timetableMappingSchema = z.strictObject({
  ...common,
  reader: z.literal('timetable'),
  /** Weekday names and abbreviations, Monday first. */
  weekdays: z.array(z.array(z.string().max(30)).min(1)).length(7),
  headers: z.record(identifier, z.array(z.string().max(80)).min(1)),
  parameters: z.record(
    identifier,
    z.strictObject({ description: z.string().max(300), default: z.string().max(400).optional(), pattern }),
  ),
  termLabels: z.strictObject({ start: labels, end: labels, holidays: labels }),
  eventsMax: z.int().min(1).max(20_000).default(5000),
});
export type TimetableMapping = z.infer<typeof timetableMappingSchema>;

export const layoutMappingSchema = z.strictObject({ ...common, reader: z.literal('layout') });
export type LayoutMapping = z.infer<typeof layoutMappingSchema>;

export const mappingSchema = z.discriminatedUnion('reader', [
  invoiceMappingSchema,
  embeddedMappingSchema,
  detectMappingSchema,
  timetableMappingSchema,
  layoutMappingSchema,
]);
export type Mapping = z.infer<typeof mappingSchema>;
