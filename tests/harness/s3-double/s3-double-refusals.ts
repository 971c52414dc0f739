/** The errors of S3 that the double returns, with their statuses (Amazon S3 API Reference, "Error responses"). */
const STATUS = {
  AccessDenied: 403,
  BadDigest: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  QuotaExceeded: 507,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3Code = keyof typeof STATUS;

/** The answer of S3 to a refused request. */
export class S3Refusal extends Error {
  readonly code: S3Code;
  readonly retryable: boolean;
  readonly status: number;

  constructor(code: S3Code, why: string) {
    super(why);
    this.name = 'S3Refusal';
    this.code = code;
    this.status = STATUS[code];
    this.retryable = this.status >= 500;
  }
}

/** An element with its text escaped. */
export function element(name: string, content: string | number | boolean): string {
  return `<${name}>${escapedXml(String(content))}</${name}>`;
}

/** A whole document around elements that are already XML. */
export function xmlDocument(root: string, ...elements: readonly string[]): string {
  const start = `<?xml version="1.0" encoding="UTF-8"?>\n`;
  const space = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `${start}<${root}${space}>${elements.join('')}</${root}>`;
}

export function refusalXml({ code, message }: S3Refusal, resource: string): string {
  const about = [element('Code', code), element('Message', message), element('Resource', resource)];
  return xmlDocument('Error', ...about, element('RequestId', 'double'));
}

function escapedXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
