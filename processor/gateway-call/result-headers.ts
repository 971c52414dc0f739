import type { IncomingHttpHeaders } from 'node:http';
import {
  decodeConvertedBy,
  decodeInvoiceIdentity,
  decodeWarnings,
  GATEWAY_HEADERS,
  resultMediaTypeSchema,
  type GatewayWarning,
  type ResultMediaType,
} from '../../schemas/protocols/gateway-protocol.ts';
import {
  type ConvertedBy,
  type InvoiceIdentity,
  type MappingRef,
  Warning,
} from '../../schemas/events/job-events.ts';
import { badOutput } from './gateway-failure.ts';

/** Largest accepted result, in bytes (A-SS02). */
export const RESULT_BYTES_MAX = 100 * 1024 * 1024;
/** Most warnings that one event keeps. */
const WARNINGS_MAX = 50;

/** The facts about the body that the headers of a 200 give. */
export interface ResultHeaders {
  readonly mediaType: ResultMediaType;
  /** Announced length, or null for a chunked body. */
  readonly contentLength: number | null;
  /** SHA-256 of the body in lower-case hexadecimal, from the headers. */
  readonly sha256: string;
  readonly pages: number;
  readonly conversionMs: number;
  readonly warnings: readonly Warning[];
  /** The mapping that made the result. Null when the gateway names no mapping. */
  readonly convertedBy: ConvertedBy | null;
  /** Text that identifies the invoice in the body. Null when the result is no invoice. */
  readonly invoice: InvoiceIdentity | null;
}

/**
 * Reads and checks the headers of a result.
 * @throws AttemptFailed GW_BAD_OUTPUT when they do not belong to a result, or belong to the result of another
 * document
 */
export function readResultHeaders(
  headers: IncomingHttpHeaders,
  expected: { readonly sourceSha256: string; readonly mapping: MappingRef },
): ResultHeaders {
  const header = (name: string): string | undefined => {
    const value = headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  if ((header('content-encoding') ?? 'identity') !== 'identity')
    throw badOutput('The result is compressed, and Docket did not ask for that.');
  if (header(GATEWAY_HEADERS.sourceSha256) !== expected.sourceSha256)
    throw badOutput('The result is not about this document.');
  const version = header(GATEWAY_HEADERS.mappingVersion);
  // A mapping may have been edited after the upload. The gateway converts with the newest version of the mapping, and
  // names that version.
  if (version !== undefined && count(GATEWAY_HEADERS.mappingVersion, version) < expected.mapping.version)
    throw badOutput('The result was made with an older version of the mapping.');
  const contentLength =
    header('content-length') === undefined ? null : count('Content-Length', header('content-length'));
  if (contentLength === 0) throw badOutput('The result is empty.');
  if ((contentLength ?? 0) > RESULT_BYTES_MAX) throw tooLarge();
  return {
    mediaType: mediaTypeOf(header('content-type')),
    contentLength,
    sha256: sha256Of(header(GATEWAY_HEADERS.reprDigest)),
    pages: count(GATEWAY_HEADERS.pages, header(GATEWAY_HEADERS.pages)),
    conversionMs: count(GATEWAY_HEADERS.conversionMs, header(GATEWAY_HEADERS.conversionMs)),
    warnings: warningsOf(header(GATEWAY_HEADERS.warnings)),
    convertedBy: convertedByOf(header(GATEWAY_HEADERS.convertedBy)),
    invoice: invoiceOf(header(GATEWAY_HEADERS.invoice)),
  };
}

/** The failure for a result that is too large. */
export function tooLarge(options: ErrorOptions = {}): Error {
  return badOutput(`The result is larger than ${RESULT_BYTES_MAX} bytes.`, options);
}

function mediaTypeOf(contentType: string | undefined): ResultMediaType {
  const mediaType = resultMediaTypeSchema.safeParse(contentType?.split(';')[0]?.trim().toLowerCase());
  if (!mediaType.success) throw badOutput('The result has a media type that no mapping makes.');
  return mediaType.data;
}

/** Finds `sha-256=:BASE64:` in the header, possibly among other algorithms (RFC 9530). */
function sha256Of(digest: string | undefined): string {
  const base64 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(digest ?? '')?.[1];
  if (base64 === undefined) throw badOutput('The result carries no SHA-256 digest.');
  return Buffer.from(base64, 'base64').toString('hex');
}

function convertedByOf(value: string | undefined): ConvertedBy | null {
  if (value === undefined) return null;
  const said = decodeConvertedBy(value);
  if (said === null) throw badOutput('The header that names the mapping of the result cannot be read.');
  return said;
}

function invoiceOf(value: string | undefined): InvoiceIdentity | null {
  if (value === undefined) return null;
  try {
    return decodeInvoiceIdentity(value);
  } catch (error) {
    throw badOutput('The header that identifies the invoice of the result cannot be read.', { cause: error });
  }
}

function count(name: string, value: string | undefined): number {
  if (value === undefined || !/^\d{1,12}$/.test(value)) throw badOutput(`The result has no usable ${name}.`);
  return Number(value);
}

function warningsOf(value: string | undefined): Warning[] {
  let given: GatewayWarning[];
  try {
    given = decodeWarnings(value);
  } catch (error) {
    throw badOutput('The warnings of the result cannot be read.', { cause: error });
  }
  return given
    .map(({ code, message }) => ({ code, message: message.toWellFormed().slice(0, 500) }))
    .filter((warning) => Warning.safeParse(warning).success)
    .slice(0, WARNINGS_MAX);
}
