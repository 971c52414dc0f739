import { z } from 'zod';

/**
 * The answer of the gateway's `POST /v1/explain?mapping=ID`: what was read, where it stands, and which checks hold.
 * Lengths are points (1/72 inch) from the top left corner of the page as it is shown (turned and cropped).
 */
const points = z.number();

/** A rectangle on the page as shown; `x1` and `y1` are its right and lower sides. */
export const explanationBoxSchema = z.object({ x0: points, y0: points, x1: points, y1: points });

export const explanationPageSchema = z.object({
  /** From 1. */
  page: z.int().min(1),
  width: points,
  height: points,
});

/** A value that went into the result. */
export const explainedValueSchema = z.object({
  /** Where it belongs: `number`, `seller.vatId`, `lines[0].total`, `vat[1].rate`, `events[3].title`. */
  path: z.string().max(120),
  kind: z.enum(['field', 'party', 'line', 'vat', 'event']),
  /** Normalised: amounts as plain decimals, dates as YYYY-MM-DD. */
  value: z.string(),
  /** As printed; empty for a value that was worked out. */
  raw: z.string(),
  /** From 1; 0 for a value that stands nowhere on the page, whose `box` is null. */
  page: z.int().min(0),
  box: explanationBoxSchema.nullable(),
  /** Size of that page, repeated here so that a box can be placed without a second look-up; null when `page` is 0. */
  pageWidth: points.nullable(),
  pageHeight: points.nullable(),
  /** Which rule of the mapping found it, in words. */
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
  /** `OK`, or the code and sentence that `POST /v1/convert` answers with. */
  result: z.object({ code: z.string(), message: z.string().optional() }),
  pages: z.array(explanationPageSchema),
  values: z.array(explainedValueSchema),
  /** Values that the mapping looks for and this document does not have. */
  missing: z.array(z.object({ path: z.string(), required: z.boolean() })),
  checks: z.array(explainedCheckSchema),
  /** What else the reader can tell: candidates by field, tables, regions, the QR code. Its shape is the reader's own. */
  details: z.record(z.string(), z.unknown()),
});
export type GatewayExplanation = z.infer<typeof gatewayExplanationSchema>;

/** `draw` of a page picture: the bare page, or the page with boxes and a list of what was read beside it. */
export const PAGE_DRAWINGS = ['page', 'boxes'] as const;
export type PageDrawing = (typeof PAGE_DRAWINGS)[number];

/** Pixels a point of a page picture; whatever is asked for, no side passes `PAGE_PICTURE_SIDE_PX_MAX`. */
export const pagePictureScale = { min: 0.25, default: 1.6, max: 3 } as const;
export const PAGE_PICTURE_SIDE_PX_MAX = 4000;
