import { createHash, randomUUID } from 'node:crypto';
import { S3Refusal } from './s3-double-refusals.ts';
import { checksumOf, type Payload } from './s3-double-payload.ts';

const PART_BYTES_MIN = 5 * 1024 * 1024;
const PART_NUMBER_MAX = 10_000;

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modifiedAt: Date;
  /** `x-amz-meta-*` and the encryption asked for, as response headers. */
  readonly kept: Readonly<Record<string, string>>;
  readonly checksum: Payload['checksum'];
}

interface Upload {
  readonly key: string;
  readonly begunAt: Date;
  readonly kept: Readonly<Record<string, string>>;
  /** The checksum algorithm named at the start, of the full object. */
  readonly algorithm: 'crc32' | null;
  readonly parts: Map<number, { bytes: Buffer; etag: string; crc32: string }>;
}

/** One part as `CompleteMultipartUpload` names it. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
  readonly crc32: string | null;
}

/** The state of the double, and the rules by which S3 accepts and refuses changes of it. */
export interface DoubleBucket {
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
  get(key: string): StoredObject;
  put(
    key: string,
    payload: Payload,
    how: { readonly kept: StoredObject['kept']; readonly createOnly: boolean },
  ): StoredObject;
  begin(key: string, kept: Upload['kept'], algorithm: Upload['algorithm']): string;
  putPart(key: string, uploadId: string, number: number, payload: Payload): string;
  complete(
    key: string,
    uploadId: string,
    named: readonly NamedPart[],
    whole: { readonly crc32: string | null; readonly bytes: number | null; readonly createOnly: boolean },
  ): StoredObject;
  abort(key: string, uploadId: string): void;
}

export function doubleBucket(): DoubleBucket {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Upload>();
  const store = (key: string, object: Omit<StoredObject, 'modifiedAt'>): StoredObject => {
    const stored = { ...object, modifiedAt: new Date() };
    objects.set(key, stored);
    return stored;
  };
  const assertFree = (key: string, createOnly: boolean): void => {
    if (createOnly && objects.has(key))
      throw new S3Refusal(
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
      );
  };
  const uploadOf = (key: string, uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (upload?.key !== key) throw new S3Refusal('NoSuchUpload', 'The specified upload does not exist.');
    return upload;
  };
  return {
    objects,
    uploads,
    get: (key) => {
      const found = objects.get(key);
      if (!found) throw new S3Refusal('NoSuchKey', 'The specified key does not exist.');
      return found;
    },
    put: (key, { bytes, checksum }, { kept, createOnly }) => {
      assertFree(key, createOnly);
      return store(key, { bytes, etag: etagOf(bytes), kept, checksum });
    },
    begin: (key, kept, algorithm) => {
      const uploadId = randomUUID();
      uploads.set(uploadId, { key, begunAt: new Date(), kept, algorithm, parts: new Map() });
      return uploadId;
    },
    putPart: (key, uploadId, number, { bytes, checksum }) => {
      const upload = uploadOf(key, uploadId);
      if (!Number.isInteger(number) || number < 1 || number > PART_NUMBER_MAX)
        throw new S3Refusal('InvalidArgument', 'Part number must be an integer between 1 and 10000');
      if (upload.algorithm !== null && checksum !== null && checksum.name !== upload.algorithm)
        throw new S3Refusal('InvalidRequest', 'Checksum Type mismatch occurred');
      const etag = etagOf(bytes);
      upload.parts.set(number, { bytes, etag, crc32: checksumOf('crc32', bytes) });
      return etag;
    },
    complete: (key, uploadId, named, whole) => {
      const upload = uploadOf(key, uploadId);
      const parts = chosenParts(upload, named);
      const bytes = Buffer.concat(parts.map((part) => part.bytes));
      const crc = checksumOf('crc32', bytes);
      if (whole.bytes !== null && whole.bytes !== bytes.length)
        throw new S3Refusal('InvalidRequest', 'The object is not as long as was said.');
      if (whole.crc32 !== null && whole.crc32 !== crc)
        throw new S3Refusal('BadDigest', 'The crc32 you specified did not match the calculated checksum.');
      assertFree(key, whole.createOnly);
      uploads.delete(uploadId);
      const digests = parts.map((part) => createHash('md5').update(part.bytes).digest());
      const etag = `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
      const checksum = upload.algorithm === null ? null : { name: upload.algorithm, value: crc };
      return store(key, { bytes, etag, kept: upload.kept, checksum });
    },
    abort: (key, uploadId) => {
      uploadOf(key, uploadId);
      uploads.delete(uploadId);
    },
  };
}

function chosenParts(upload: Upload, named: readonly NamedPart[]): { bytes: Buffer }[] {
  if (named.length === 0) throw new S3Refusal('MalformedXML', 'The XML you provided was not well-formed.');
  if (named.some(({ number }, index) => number <= (named[index - 1]?.number ?? 0)))
    throw new S3Refusal('InvalidPartOrder', 'The list of parts was not in ascending order.');
  return named.map((each, index) => {
    const part = upload.parts.get(each.number);
    if (part?.etag !== each.etag || (each.crc32 !== null && each.crc32 !== part.crc32))
      throw new S3Refusal('InvalidPart', 'One or more of the specified parts could not be found.');
    if (index < named.length - 1 && part.bytes.length < PART_BYTES_MIN)
      throw new S3Refusal('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    return part;
  });
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
