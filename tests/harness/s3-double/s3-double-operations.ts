import type { IncomingMessage } from 'node:http';
import type { DoubleBucket, NamedPart, StoredObject } from './s3-double-bucket.ts';
import type { S3Operation } from './s3-double-faults.ts';
import type { Payload } from './s3-double-payload.ts';
import { element, S3Refusal, xmlDocument } from './s3-double-refusals.ts';

const KEY_BYTES_MAX = 1024;
const PAGE_MAX = 1000;

/** The parts of a request. */
export interface Asked {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | string;
}

/**
 * Finds the operation of a request.
 * @throws S3Refusal for everything that the double does not know, as a store does for missing features
 */
export function understandRequest(request: IncomingMessage): Asked {
  const url = new URL(request.url ?? '/', 'http://s3');
  const [, bucket = '', ...rest] = url.pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) throw new S3Refusal('KeyTooLongError', 'Your key is too long');
  const operation = operationOf(request.method ?? '', key, url.searchParams, request.headers);
  if (operation === null) throw new S3Refusal('NotImplemented', 'The double does not know this operation.');
  return { operation, bucket, key, query: url.searchParams, headers: request.headers };
}

function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  headers: IncomingMessage['headers'],
): S3Operation | null {
  if (headers['x-amz-copy-source'] !== undefined) return null;
  const known = [...query.keys()].filter((name) => name !== 'x-id');
  const only = (...names: string[]): boolean => known.every((name) => names.includes(name));
  const asked = `${method} ${key === '' ? 'bucket' : 'key'}`;
  if (asked === 'HEAD bucket' && only()) return 'HeadBucket';
  if (asked === 'GET bucket' && query.get('list-type') === '2')
    return only('list-type', 'prefix', 'continuation-token', 'max-keys') ? 'ListObjectsV2' : null;
  if (asked === 'GET bucket' && query.has('uploads'))
    return only('uploads', 'prefix', 'key-marker', 'upload-id-marker', 'max-uploads')
      ? 'ListMultipartUploads'
      : null;
  if (asked === 'PUT key' && query.has('uploadId'))
    return only('uploadId', 'partNumber') ? 'UploadPart' : null;
  if (asked === 'PUT key' && only()) return 'PutObject';
  if (asked === 'POST key' && query.has('uploads')) return only('uploads') ? 'CreateMultipartUpload' : null;
  if (asked === 'POST key' && query.has('uploadId'))
    return only('uploadId') ? 'CompleteMultipartUpload' : null;
  if (asked === 'DELETE key' && query.has('uploadId'))
    return only('uploadId') ? 'AbortMultipartUpload' : null;
  if (!only()) return null;
  const plain: Record<string, S3Operation> = {
    'GET key': 'GetObject',
    'HEAD key': 'HeadObject',
    'DELETE key': 'DeleteObject',
  };
  return plain[asked] ?? null;
}

/**
 * Executes the operation.
 * @throws S3Refusal
 */
export function perform(bucket: DoubleBucket, asked: Asked, payload: Payload): Answer {
  const { key, query, headers } = asked;
  const uploadId = query.get('uploadId') ?? '';
  switch (asked.operation) {
    case 'HeadBucket':
      return { status: 200 };
    case 'PutObject': {
      const { etag } = bucket.put(key, payload, { kept: keptOf(headers), createOnly: createOnly(headers) });
      return { status: 200, headers: { ETag: etag } };
    }
    case 'GetObject':
      return get(bucket.get(key), headers);
    case 'HeadObject':
      return { status: 200, headers: objectHeaders(bucket.get(key), headers) };
    case 'DeleteObject':
      bucket.objects.delete(key);
      return { status: 204 };
    case 'ListObjectsV2':
      return { status: 200, body: listObjects(bucket, query) };
    case 'ListMultipartUploads':
      return { status: 200, body: listUploads(bucket, query) };
    case 'CreateMultipartUpload': {
      const begun = bucket.begin(key, keptOf(headers), algorithmOf(headers));
      return {
        status: 200,
        body: xmlDocument('InitiateMultipartUploadResult', element('Key', key), element('UploadId', begun)),
      };
    }
    case 'UploadPart': {
      const etag = bucket.putPart(key, uploadId, Number(query.get('partNumber')), payload);
      return { status: 200, headers: { ETag: etag } };
    }
    case 'CompleteMultipartUpload': {
      const crc32 = headerOf(headers, 'x-amz-checksum-crc32');
      const size = headerOf(headers, 'x-amz-mp-object-size');
      const whole = { crc32, bytes: size === null ? null : Number(size), createOnly: createOnly(headers) };
      const { etag } = bucket.complete(key, uploadId, namedParts(payload.bytes.toString('utf8')), whole);
      return {
        status: 200,
        body: xmlDocument('CompleteMultipartUploadResult', element('Key', key), element('ETag', etag)),
      };
    }
    case 'AbortMultipartUpload':
      bucket.abort(key, uploadId);
      return { status: 204 };
    default:
      return asked.operation satisfies never;
  }
}

function get(object: StoredObject, headers: Asked['headers']): Answer {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (!range) return { status: 200, headers: objectHeaders(object, headers), body: object.bytes };
  const start = Number(range[1]);
  const last = range[2] === '' ? object.bytes.length - 1 : Number(range[2]);
  if (start >= object.bytes.length || last < start)
    throw new S3Refusal('InvalidRange', 'The requested range is not satisfiable');
  const body = object.bytes.subarray(start, last + 1);
  const { ETag } = objectHeaders(object, {});
  const contentRange = `bytes ${start}-${start + body.length - 1}/${object.bytes.length}`;
  return {
    status: 206,
    headers: { ETag: ETag ?? '', 'Content-Length': body.length, 'Content-Range': contentRange },
    body,
  };
}

function objectHeaders(object: StoredObject, asked: Asked['headers']): Record<string, string | number> {
  const { bytes, etag, modifiedAt, kept, checksum } = object;
  const sums: Record<string, string> =
    checksum !== null && asked['x-amz-checksum-mode'] === 'ENABLED'
      ? { [`x-amz-checksum-${checksum.name}`]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' }
      : {};
  return {
    ...kept,
    ...sums,
    ETag: etag,
    'Content-Length': bytes.length,
    'Last-Modified': modifiedAt.toUTCString(),
    'Accept-Ranges': 'bytes',
  };
}

/** Only `*` is possible with a write ("Conditional writes"). */
function createOnly(headers: Asked['headers']): boolean {
  const asked = headers['if-none-match'];
  if (asked !== undefined && asked !== '*')
    throw new S3Refusal('NotImplemented', 'If-None-Match takes * only.');
  return asked === '*';
}

function keptOf(headers: Asked['headers']): Record<string, string> {
  const encryption = headers['x-amz-server-side-encryption'];
  if (encryption !== undefined && encryption !== 'AES256' && encryption !== 'aws:kms')
    throw new S3Refusal('InvalidArgument', 'The encryption method specified is not supported');
  const kept = Object.entries(headers).filter(
    ([name]) =>
      name.startsWith('x-amz-meta-') || name === 'x-amz-server-side-encryption' || name === 'content-type',
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

function algorithmOf(headers: Asked['headers']): 'crc32' | null {
  const algorithm = headerOf(headers, 'x-amz-checksum-algorithm');
  if (algorithm === null) return null;
  if (algorithm !== 'CRC32' || headers['x-amz-checksum-type'] !== 'FULL_OBJECT')
    throw new S3Refusal('NotImplemented', 'The double knows full-object CRC32 for multipart uploads only.');
  return 'crc32';
}

function namedParts(xml: string): NamedPart[] {
  return [...xml.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => {
    const text = (name: string): string | null =>
      new RegExp(`<${name}>([^<]*)</${name}>`).exec(part)?.[1] ?? null;
    const etag = (text('ETag') ?? '').replaceAll('&quot;', '"').replaceAll('&#34;', '"');
    return { number: Number(text('PartNumber')), etag, crc32: text('ChecksumCRC32') };
  });
}

function listObjects(bucket: DoubleBucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const max = Math.min(PAGE_MAX, Number(query.get('max-keys') ?? PAGE_MAX));
  const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, max);
  const contents = page.map((key) => {
    const { bytes, etag, modifiedAt } = bucket.get(key);
    const about = [
      element('Key', key),
      element('LastModified', modifiedAt.toISOString()),
      element('ETag', etag),
    ];
    return `<Contents>${about.join('')}${element('Size', bytes.length)}</Contents>`;
  });
  const more = keys.length > page.length;
  const next = more ? [element('NextContinuationToken', page.at(-1) ?? '')] : [];
  return xmlDocument(
    'ListBucketResult',
    element('Prefix', prefix),
    element('KeyCount', page.length),
    element('IsTruncated', more),
    ...next,
    ...contents,
  );
}

function listUploads(bucket: DoubleBucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = `${query.get('key-marker') ?? ''}\n${query.get('upload-id-marker') ?? ''}`;
  const max = Math.min(PAGE_MAX, Number(query.get('max-uploads') ?? PAGE_MAX));
  const found = [...bucket.uploads]
    .map(([uploadId, { key, begunAt }]) => ({ uploadId, key, begunAt, order: `${key}\n${uploadId}` }))
    .filter(({ key, order }) => key.startsWith(prefix) && (after === '\n' || order > after))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const page = found.slice(0, max);
  const uploads = page.map(({ key, uploadId, begunAt }) => {
    const about = [
      element('Key', key),
      element('UploadId', uploadId),
      element('Initiated', begunAt.toISOString()),
    ];
    return `<Upload>${about.join('')}</Upload>`;
  });
  const last = page.at(-1);
  const more = found.length > page.length;
  const next =
    more && last ? [element('NextKeyMarker', last.key), element('NextUploadIdMarker', last.uploadId)] : [];
  return xmlDocument('ListMultipartUploadsResult', element('IsTruncated', more), ...next, ...uploads);
}

function headerOf(headers: Asked['headers'], name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}
