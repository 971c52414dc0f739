import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { ApiError } from '../../runtime/http/api-error.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';

/** The sender disconnected before the end, so nobody can receive an answer. */
export class SenderGone extends CodedError {
  readonly code = 'SENDER_GONE';

  constructor(options?: ErrorOptions) {
    super('The sender disconnected before the end of the request.', options);
  }
}

/** Limits that busboy does not set by default (A-UP09). */
const FIELDS_MAX = 10;
const FIELD_BYTES_MAX = 1024;
const FIELD_NAME_BYTES_MAX = 100;
const PART_HEADERS_MAX = 20;
const PART_HEADER_BYTES_MAX = 8 * 1024;
/** The boundary of a form (RFC 2046, section 5.1.1). */
const BOUNDARY = /;\s*boundary=(?:"[^"\r\n]{1,70}"|[^\s";,]{1,70})\s*(?:;|$)/i;

export interface MultipartParts {
  /** Called for each file when its first byte arrives. The caller must read the stream to its end, or resume it. */
  readonly onFile: (field: string, stream: Readable, filename: string) => void;
  readonly onField: (field: string, value: string) => void;
}

/** Splits a `multipart/form-data` body (RFC 7578) into its parts while it arrives. */
export function readMultipart(
  request: IncomingMessage,
  limits: { filesMax: number; fileBytesMax: number },
  parts: MultipartParts,
) {
  const parser = openParser(request.headers['content-type'] ?? '', limits);
  const openStreams = new Set<Readable>();
  const { promise: done, resolve, reject } = Promise.withResolvers<boolean>();
  let settled = false;

  const settle = (finish: () => void, cause?: Error): void => {
    if (settled) return;
    settled = true;
    request.unpipe(parser);
    request.off('close', onClose).off('error', onClose);
    for (const stream of openStreams) stream.destroy(cause ?? new Error('The request ended before its end.'));
    finish();
  };
  const fail = (error: Error): void => settle(() => reject(error), error);
  const onClose = (cause?: Error): void => {
    // The event `close` also follows a request that has arrived completely.
    if (!request.readableEnded) fail(new SenderGone({ cause }));
  };
  const refuse = (why: string): void => fail(new ApiError('BAD_REQUEST', why));
  const guarded = (use: () => void): void => {
    if (settled) return;
    try {
      use();
    } catch (error) {
      fail(error as Error);
    }
  };

  parser.on('file', (field, stream, filename) => {
    openStreams.add(stream);
    stream.on('error', () => openStreams.delete(stream)).on('end', () => openStreams.delete(stream));
    guarded(() => parts.onFile(field, stream, filename));
    if (settled) stream.resume();
  });
  parser.on('field', (field, value, nameCut, valueCut) =>
    guarded(() => {
      if (nameCut || valueCut || field.length > FIELD_NAME_BYTES_MAX)
        throw new ApiError('BAD_REQUEST', 'A field of the form is too long.');
      parts.onField(field, value);
    }),
  );
  parser.on('filesLimit', () => refuse(`There are more than ${limits.filesMax} files in one request.`));
  parser.on('fieldsLimit', () => refuse('There are too many fields in the form.'));
  parser.on('partsLimit', () => refuse('There are too many parts in the form.'));
  parser.on('error', (error) => {
    if (request.destroyed && !request.readableEnded) return onClose();
    fail(new ApiError('BAD_REQUEST', 'The multipart form is broken.', { cause: error }));
  });
  parser.on('finish', () => settle(() => resolve(true)));

  request.on('close', onClose).on('error', onClose);
  if (request.destroyed) onClose();
  else request.pipe(parser);
  return {
    /**
     * True when the body was read to its end, false when it was cut.
     * @throws ApiError BAD_REQUEST for anything but a multipart form within the limits, SenderGone
     */
    done,
    /** Stops reading, as if the form had ended before the present part. With `error`, `done` rejects. */
    cut: (error?: Error) => (error ? fail(error) : settle(() => resolve(false))),
  };
}
export type MultipartReading = ReturnType<typeof readMultipart>;

function openParser(contentType: string, limits: { filesMax: number; fileBytesMax: number }): BusboyInstance {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Uploads are multipart/form-data.');
  if (!BOUNDARY.test(contentType))
    throw new ApiError('BAD_REQUEST', 'Uploads are multipart/form-data with a boundary.');
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      preservePath: true,
      limits: {
        files: limits.filesMax,
        // One byte more than the limit, so that the store itself detects a file that is too long.
        fileSize: limits.fileBytesMax + 1,
        fields: FIELDS_MAX,
        fieldSize: FIELD_BYTES_MAX,
        fieldNameSize: FIELD_NAME_BYTES_MAX,
        parts: limits.filesMax + FIELDS_MAX,
        headerPairs: PART_HEADERS_MAX,
        headerSize: PART_HEADER_BYTES_MAX,
      },
    });
  } catch (error) {
    throw new ApiError('BAD_REQUEST', 'Uploads are multipart/form-data with a boundary.', { cause: error });
  }
}
