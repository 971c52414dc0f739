/**
 * One sentence for each failure, for the APIs, the gateway and the page. The words after a semicolon name the remedy.
 * The page adds a sentence when only its user can help.
 *
 * The page loads this file, so it imports nothing.
 */
export const ERROR_SENTENCES = {
  NOT_PDF: 'This file is not a PDF.',
  TOO_LARGE: 'This file is larger than the limit.',
  UNKNOWN_MAPPING: 'There is no mapping with this id.',
  BAD_REQUEST: 'The request could not be understood.',
  UNAUTHENTICATED: 'There is no valid session.',
  FORBIDDEN: 'This is not allowed from here.',
  NOT_FOUND: 'There is nothing here.',
  EXPIRED: 'The file was removed because its keeping time is over; upload the PDF again to convert it.',
  METHOD_NOT_ALLOWED: 'This address does not accept that method.',
  REQUEST_TIMEOUT: 'The request came too slowly or stopped; check the network and try again.',
  NOT_READY: 'The result is not ready yet.',
  CONFLICT: 'The job has changed, and its present state does not allow this.',
  UNSUPPORTED_MEDIA_TYPE: 'This address does not accept a body of that type.',
  HEADERS_TOO_LARGE: 'The headers of the request are larger than the limit.',
  FORMAT_NOT_POSSIBLE: 'The result cannot be made into this format.',
  IDEMPOTENCY_MISMATCH: 'This idempotency key was already used with another request.',
  RATE_LIMITED: 'There were too many requests; wait a moment and try again.',
  INTERNAL: 'Something went wrong in Docket; the request id helps to find the cause.',
  UNAVAILABLE: 'Docket cannot accept this now; try again in a moment.',
  STORAGE_FULL: 'There is no room left for uploads; an operator must free some.',
  QUOTA_EXCEEDED: 'Your files use all the space that you may use; files that expire free it again.',

  PDF_ENCRYPTED: 'This PDF is protected by a password; save it without one and upload it again.',
  PDF_CORRUPT: 'This PDF is damaged and cannot be opened.',
  NO_EMBEDDED_XML: 'This PDF contains no e-invoice.',
} as const;
