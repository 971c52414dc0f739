import { z } from 'zod';

/**
 * The answer to `POST /v1/explain?mapping=ID` of the gateway: the values that it read, their places, and the results
 * of the checks. Lengths are points (1/72 inch) from the top left corner of the page as shown (turned and cropped).
 */
const points = z.number();

/** A rectangle on the page as shown; `x1` and `y1` are its right and lower sides. */
export const explanationBoxSchema = z.object({ x0: points, y0: points, x1: points, y1: points });

export const explanationPageSchema = z.object({
  /** The number of the page, counted from 1. */
  page: z.int().min(1),
  width: points,
  height: points,
});

/** A value of the result. */
export const explainedValueSchema = z.object({
  /**
   * The place of the value in the result: `number`, `seller.vatId`, `lines[0].total`, `vat[1].rate`,
   * `events[3].title`.
   */
  path: z.string().max(120),
  kind: z.enum(['field', 'party', 'line', 'vat', 'event']),
  /** The normalised value: amounts as plain decimals, dates as YYYY-MM-DD. */
  value: z.string(),
  /** The printed text; empty for a calculated value. */
  raw: z.string(),
  /** The page number, counted from 1. For a value that no page shows, it is 0 and `box` is null. */
  page: z.int().min(0),
  box: explanationBoxSchema.nullable(),
  /** Size of the value's page, repeated so that a reader can place the box at once; null when `page` is 0. */
  pageWidth: points.nullable(),
  pageHeight: points.nullable(),
  /** The rule of the mapping that found the value, in words. */
  rule: z.string(),
  confidence: z.number().min(0).max(1),
});
export type ExplainedValue = z.infer<typeof explainedValueSchema>;

export const explainedCheckSchema = z.object({
  rule: z.string(),
  ok: z.boolean(),
  severity: z.enum(['error', 'warning']),
  what: z.string(),
  left: z.string(),
  right: z.string(),
});

export const gatewayExplanationSchema = z.object({
  mapping: z.object({ id: z.string(), version: z.int(), label: z.string(), reader: z.string() }),
  /** `OK`, or the code and sentence of the refusal that `POST /v1/convert` returns. */
  result: z.object({ code: z.string(), message: z.string().optional() }),
  pages: z.array(explanationPageSchema),
  values: z.array(explainedValueSchema),
  /** Values that the mapping looks for and the gateway did not find. */
  missing: z.array(z.object({ path: z.string(), required: z.boolean() })),
  checks: z.array(explainedCheckSchema),
  /** Further facts of the reader: candidates by field, tables, regions, the QR code. The reader defines their shape. */
  details: z.record(z.string(), z.unknown()),
});
export type GatewayExplanation = z.infer<typeof gatewayExplanationSchema>;

/**
 * The values of `draw` for a page picture: the page alone, or the page with boxes and a list of the values beside it.
 */
export const PAGE_DRAWINGS = ['page', 'boxes'] as const;
export type PageDrawing = (typeof PAGE_DRAWINGS)[number];

/** Pixels for each point of a page picture. No side exceeds `PAGE_PICTURE_SIDE_PX_MAX`, whatever the scale. */
export const pagePictureScale = { min: 0.25, default: 1.6, max: 3 } as const;
export const PAGE_PICTURE_SIDE_PX_MAX = 4000;
