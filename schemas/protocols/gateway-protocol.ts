import { z } from 'zod';
import { InvoiceIdentity } from '../events/job-events.ts';

/**
 * The gateway's HTTP contract for its callers: `POST /v1/convert`, `POST /v1/format`, `GET /v1/mappings`, `GET
 * /health`. The gateway returns 200 with the result as the body, or 4xx/5xx with a `GatewayRefusal` as JSON.
 */

/** Header names of the contract, with capital and small letters as they are sent. */
export const GATEWAY_HEADERS = {
  /** Request: the job of this conversion, any text up to 128 characters. */
  jobId: 'X-Job-Id',
  /** Response: RFC 9530 digest of the body, `sha-256=:BASE64:`. */
  reprDigest: 'Repr-Digest',
  /** Response: lower-case hex SHA-256 of the PDF bytes the gateway received. */
  sourceSha256: 'X-Source-Sha256',
  /** Response: version of the requested mapping. */
  mappingVersion: 'X-Mapping-Version',
  /** Response: the mapping that made the result, written by `encodeConvertedBy`. */
  convertedBy: 'X-Converted-By',
  /**
   * Response: the identity of the invoice in the result, written by `encodeInvoiceIdentity`. Absent for a result that
   * is no invoice.
   */
  invoice: 'X-Invoice',
  pages: 'X-Pages',
  /** Response: milliseconds from the end of the body to the ready result, including the time of waiting. */
  conversionMs: 'X-Conversion-Ms',
  /** Response: base64url of a JSON array of `{code, message}`, at most `warningsHeaderBytesMax` long. */
  warnings: 'X-Warnings',
} as const;

/**
 * Longest `X-Warnings` value in bytes. Warnings that do not fit are dropped, and the last warning states their
 * number.
 */
export const WARNINGS_HEADER_BYTES_MAX = 4096;

/** Media types that a mapping may produce. */
export const RESULT_MEDIA_TYPES = ['application/xml', 'text/calendar'] as const;
export const resultMediaTypeSchema = z.enum(RESULT_MEDIA_TYPES);
export type ResultMediaType = z.infer<typeof resultMediaTypeSchema>;

/** The formats of a converted invoice, made from the values of its result (`POST /v1/format?format=`). */
export const INVOICE_FORMATS = ['ubl', 'cii', 'cius-pt', 'json', 'csv'] as const;
export const invoiceFormatSchema = z.enum(INVOICE_FORMATS);
export type InvoiceFormat = z.infer<typeof invoiceFormatSchema>;

/**
 * The reasons why the gateway returns no result. They are in the document, in the request, or in the gateway itself.
 */
export const DOCUMENT_REFUSAL_CODES = [
  'PDF_ENCRYPTED',
  'PDF_CORRUPT',
  'NO_TEXT',
  'PDF_LIMIT',
  'MAPPING_MISMATCH',
  'CHECKS_FAILED',
  'OUTPUT_INVALID',
  'AMBIGUOUS',
  'NO_EMBEDDED_XML',
  'EMBEDDED_XML_REFUSED',
  'FORMAT_NOT_POSSIBLE',
] as const;
export const REQUEST_REFUSAL_CODES = [
  'UNKNOWN_MAPPING',
  'BAD_PARAMETER',
  'NOT_PDF',
  'TOO_LARGE',
  'NOT_FOUND',
  'BAD_REQUEST',
  'TOKEN_REFUSED',
  'BROWSER_REFUSED',
] as const;
export const AVAILABILITY_REFUSAL_CODES = [
  'OVERLOADED',
  'SHUTTING_DOWN',
  'CONVERTER_CRASHED',
  'INTERNAL',
] as const;
export const GATEWAY_REFUSAL_CODES = [
  ...DOCUMENT_REFUSAL_CODES,
  ...REQUEST_REFUSAL_CODES,
  ...AVAILABILITY_REFUSAL_CODES,
] as const;
export const gatewayRefusalCodeSchema = z.enum(GATEWAY_REFUSAL_CODES);
export type GatewayRefusalCode = z.infer<typeof gatewayRefusalCodeSchema>;

/** HTTP status of each refusal. 503 carries `Retry-After` in seconds. */
export const GATEWAY_REFUSAL_STATUS: Readonly<Record<GatewayRefusalCode, number>> = {
  PDF_ENCRYPTED: 422,
  PDF_CORRUPT: 422,
  NO_TEXT: 422,
  PDF_LIMIT: 422,
  MAPPING_MISMATCH: 422,
  CHECKS_FAILED: 422,
  OUTPUT_INVALID: 422,
  AMBIGUOUS: 422,
  NO_EMBEDDED_XML: 422,
  EMBEDDED_XML_REFUSED: 422,
  FORMAT_NOT_POSSIBLE: 422,
  UNKNOWN_MAPPING: 400,
  BAD_PARAMETER: 400,
  NOT_PDF: 400,
  BAD_REQUEST: 400,
  TOO_LARGE: 413,
  TOKEN_REFUSED: 401,
  BROWSER_REFUSED: 403,
  NOT_FOUND: 404,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
  CONVERTER_CRASHED: 500,
  INTERNAL: 500,
};

/** Body of every 4xx and 5xx. A caller must accept unknown codes, so on reading `code` is a plain string. */
export const gatewayRefusalSchema = z.object({
  code: z.string().min(1).max(64),
  message: z.string().max(2000),
});

export const gatewayWarningSchema = z.object({
  code: z.string().min(1).max(64),
  message: z.string().max(2000),
});
export type GatewayWarning = z.infer<typeof gatewayWarningSchema>;
export const gatewayWarningsSchema = z.array(gatewayWarningSchema).max(200);

/** A value that a mapping accepts beside the PDF. */
export const gatewayParameterSchema = z.object({
  name: z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/),
  /** The required form of a value, in words. */
  description: z.string().max(300),
  default: z.string().max(400).optional(),
});

/** One entry of `GET /v1/mappings`. */
export const gatewayMappingSchema = z.object({
  id: z.string().regex(/^[a-z][a-z0-9_]{2,63}$/),
  version: z.int().min(1),
  /** Lower-case hex SHA-256 of the mapping's canonical JSON. */
  contentHash: z.string().regex(/^[0-9a-f]{64}$/),
  label: z.string().min(1).max(120),
  /** True for the default mapping, which is exactly one entry. */
  default: z.boolean(),
  mediaType: resultMediaTypeSchema,
  /** Absent for a mapping without parameters. */
  parameters: z.array(gatewayParameterSchema).max(8).optional(),
  /**
   * Other formats of the mapping's results. Absent when the results are no invoices. A newer gateway may know more
   * formats.
   */
  formats: z.array(z.string().max(40)).max(20).optional(),
});
export type GatewayMapping = z.infer<typeof gatewayMappingSchema>;
export const gatewayMappingsSchema = z.array(gatewayMappingSchema).min(1);

/** Body of `GET /health`. */
export const gatewayHealthSchema = z.object({
  /** `starting`, with status 503: no child is ready, so the gateway converts nothing yet. */
  status: z.enum(['ok', 'starting', 'draining']),
  children: z.int().min(0),
  /** Number of children that are ready; the other children are starting. */
  ready: z.int().min(0),
  busy: z.int().min(0),
  waiting: z.int().min(0),
  mappings: z
    .object({
      /** Number of the operator's own mappings in use. */
      own: z.int().min(0),
      /**
       * Number of files in the operator's folder that the gateway refuses. The gateway continues to use the last
       * valid mapping of each file.
       */
      refused: z.int().min(0),
      /** The reasons, one sentence each, for callers with the token. */
      faults: z.array(z.string()).optional(),
    })
    .optional(),
});
export type GatewayHealth = z.infer<typeof gatewayHealthSchema>;

/**
 * The mapping that made a result: the requested mapping, or a mapping to which the requested one passed the document.
 */
export interface ConvertingMapping {
  readonly id: string;
  readonly version: number;
  /** Lower-case hex SHA-256 of the mapping's canonical JSON. */
  readonly contentHash: string;
}

/** Writes an `X-Converted-By` value: `ID/VERSION/HASH`. */
export function encodeConvertedBy({ id, version, contentHash }: ConvertingMapping): string {
  return `${id}/${version}/${contentHash}`;
}

/** Reads an `X-Converted-By` value. Returns null when the gateway did not write it. */
export function decodeConvertedBy(value: string): ConvertingMapping | null {
  const [, id, version, contentHash] =
    /^([a-z][a-z0-9_]{2,63})\/([1-9]\d{0,8})\/([0-9a-f]{64})$/.exec(value) ?? [];
  if (id === undefined || version === undefined || contentHash === undefined) return null;
  return { id, version: Number(version), contentHash };
}

/** Writes an `X-Invoice` value: base64url of `{sellerTaxId, number, issueDate}` as JSON. */
export function encodeInvoiceIdentity({ sellerTaxId, number, issueDate }: InvoiceIdentity): string {
  return toBase64Url(JSON.stringify({ sellerTaxId, number, issueDate }));
}

/**
 * Reads an `X-Invoice` value.
 * @throws Error when the gateway did not write it
 */
export function decodeInvoiceIdentity(value: string): InvoiceIdentity {
  return InvoiceIdentity.parse(JSON.parse(fromBase64Url(value)));
}

/**
 * Reads an `X-Warnings` value.
 * @throws Error when the gateway did not write it
 */
export function decodeWarnings(headerValue: string | null | undefined): GatewayWarning[] {
  if (!headerValue) return [];
  return gatewayWarningsSchema.parse(JSON.parse(fromBase64Url(headerValue)));
}

/**
 * Writes an `X-Warnings` value of at most `WARNINGS_HEADER_BYTES_MAX`. A last entry counts the warnings that do not
 * fit.
 */
export function encodeWarnings(warnings: readonly GatewayWarning[]): string {
  for (let kept = Math.min(warnings.length, 199); ; kept -= 1) {
    const list = warnings.slice(0, kept);
    if (kept < warnings.length)
      list.push({
        code: 'MORE_WARNINGS',
        message: `${warnings.length - kept} more warnings are not listed.`,
      });

    const text = toBase64Url(JSON.stringify(list));
    if (text.length <= WARNINGS_HEADER_BYTES_MAX || kept === 0) return text;
  }
}

function toBase64Url(text: string): string {
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}
