import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { newSourceKey } from '../../blob-store/blob-key.ts';
import { crashPoint } from '../../runtime/crash-points.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { codeOf } from '../../schemas/errors/coded-error.ts';
import { API_ERRORS } from '../../schemas/errors/error-codes.ts';
import { MappingParameters } from '../../schemas/events/job-events.ts';
import { displayNameOf } from './display-name.ts';
import { readMultipart, type MultipartReading } from './multipart.ts';
import { watchPace } from './pace.ts';
import { createPdfCheck, NotPdf } from './pdf-check.ts';
import type { ReceivedFile, RefusedFile } from './received-file.ts';
import { refuseLongWaiting } from './waiting-files.ts';

const FILE_FIELDS = new Set(['files', 'file']);
const MAPPING_FIELD = 'mapping';
/** Names of form fields such as `param.termStart`. */
const PARAMETER_FIELD = /^param\.([a-z][A-Za-z0-9]{0,39})$/;
/** After its limit, a file is read for at most this many further bytes, in case the form ends soon (A-UP07). */
const OVERSIZE_SKIP_BYTES_MAX = 16 * 1024 * 1024;
const OVERSIZE_SKIP_MS = 5_000;

export interface ReceivedUpload {
  /** The mapping in the form; null when the form has none. */
  readonly mapping: string | null;
  /** Parameters of the mapping, by name. Empty parameters are left out. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly files: readonly ReceivedFile[];
}

export interface UploadLimits {
  readonly fileBytesMax: number;
  readonly filesMax: number;
  readonly idleMs: number;
  readonly strictPdfHeader: boolean;
}

/**
 * Reads an upload form. Each file is streamed into the blob store while it is counted, hashed and checked. No job
 * exists yet. It returns all stored files, or it throws after it has removed them.
 * @param options.admitFile called for each file before its bytes are stored; a returned value refuses the file
 * @param options.placeNeeded aborts with an error when another upload needs the place
 * @throws ApiError for a form that cannot be accepted, SenderGone
 */
export async function receiveUpload(
  request: IncomingMessage,
  options: {
    blobs: BlobStore;
    limits: UploadLimits;
    admitFile: () => Promise<RefusedFile | null>;
    placeNeeded: AbortSignal;
  },
): Promise<ReceivedUpload> {
  const { blobs, limits, admitFile, placeNeeded } = options;
  const tasks: Promise<ReceivedFile>[] = [];
  const stop = new AbortController();
  let mapping: string | null = null;
  const parameters: Record<string, string> = {};
  let skipTimer: NodeJS.Timeout | undefined;

  const reading: MultipartReading = readMultipart(request, limits, {
    onField: (field, value) => {
      const name = PARAMETER_FIELD.exec(field)?.[1];
      if (name !== undefined) return takeParameter(parameters, name, value);
      if (field !== MAPPING_FIELD) throw unknownField(field);
      if (mapping !== null) throw new ApiError('BAD_REQUEST', 'The form names more than one mapping.');
      mapping = value;
    },
    onFile: (field, stream, sentName) => {
      if (!FILE_FIELDS.has(field)) throw unknownField(field);
      const filename = displayNameOf(sentName);
      const task = storeFile({ stream, filename, blobs, limits, admitFile, signal: stop.signal });
      // All tasks are awaited later. Until then, a failure here must not count as unhandled.
      task.catch(() => undefined);
      void task.then(
        (file) => {
          if ('refused' in file && file.refused.code === 'TOO_LARGE') skipWithinBounds(stream);
        },
        (error: unknown) => reading.cut(error as Error),
      );
      tasks.push(task);
    },
  });
  const skipWithinBounds = (oversize: Readable): void => {
    if (request.headers['content-length'] !== undefined || oversize.readableEnded) return;
    clearInterval(skipTimer);
    oversize.once('end', () => clearInterval(skipTimer));
    const bytesAtStart = pace.bytes();
    const startedAt = performance.now();
    skipTimer = setInterval(() => {
      const isOver = performance.now() - startedAt > OVERSIZE_SKIP_MS;
      if (isOver || pace.bytes() - bytesAtStart > OVERSIZE_SKIP_BYTES_MAX) reading.cut();
    }, 10);
  };
  const pace = watchPace(request, limits.idleMs, () => reading.cut(new ApiError('REQUEST_TIMEOUT')));
  const makeRoom = (): void => reading.cut(placeNeeded.reason as Error);
  placeNeeded.addEventListener('abort', makeRoom, { once: true });

  try {
    const isWhole = await reading.done;
    const files = await Promise.all(tasks);
    if (files.length === 0) throw new ApiError('BAD_REQUEST', 'There is no file in the form.');
    // The mapping may come after the files. If the form was cut before it, the mapping is unknown.
    if (!isWhole && mapping === null) throw new ApiError('TOO_LARGE', tooLarge(limits));
    return { mapping, parameters, files: await refuseLongWaiting(blobs, files, performance.now()) };
  } catch (error) {
    stop.abort(error);
    await removeStored(blobs, tasks);
    throw error;
  } finally {
    clearInterval(skipTimer);
    pace.stop();
    placeNeeded.removeEventListener('abort', makeRoom);
  }
}

async function storeFile(options: {
  stream: Readable;
  filename: string;
  blobs: BlobStore;
  limits: UploadLimits;
  admitFile: () => Promise<RefusedFile | null>;
  signal: AbortSignal;
}): Promise<ReceivedFile> {
  const { stream, filename, blobs, limits, signal } = options;
  const check = createPdfCheck({ strictHeader: limits.strictPdfHeader });
  let bytes = 0;
  const inspect = (chunk: Buffer): void => {
    bytes += chunk.length;
    crashPoint('mid-upload');
    check.see(chunk);
  };
  try {
    const refused = await options.admitFile();
    if (refused) return { filename, refused };
    const key = newSourceKey();
    const verify = (): void => check.finish();
    const written = await blobs.put(key, stream, {
      maxBytes: limits.fileBytesMax,
      inspect,
      verify,
      signal,
      chunksAreGivenUp: true,
    });
    crashPoint('after-blob');
    return { filename, stored: { key, ...written, storedAtMs: performance.now() } };
  } catch (error) {
    signal.throwIfAborted();
    return { filename, refused: refusalOf(error, bytes, limits) };
  } finally {
    // Reads the rest of the file and drops it, so that the following parts arrive.
    stream.resume();
  }
}

/** The refusal for a failure to store a file. An unknown failure is a fault of Docket and ends the request. */
function refusalOf(error: unknown, bytes: number, limits: UploadLimits): RefusedFile {
  if (error instanceof NotPdf) return { code: 'NOT_PDF', message: error.message, bytes };
  switch (codeOf(error)) {
    case 'BLOB_TOO_LARGE':
      return { code: 'TOO_LARGE', message: tooLarge(limits), bytes };
    case 'STORAGE_FULL':
      return { code: 'STORAGE_FULL', message: API_ERRORS.STORAGE_FULL.sentence, bytes, cause: error };
    case 'BLOB_STORE_UNAVAILABLE':
      return { code: 'UNAVAILABLE', message: API_ERRORS.UNAVAILABLE.sentence, bytes, cause: error };
    default:
      throw error;
  }
}

/** Removes the blobs of a request that failed. */
async function removeStored(blobs: BlobStore, tasks: readonly Promise<ReceivedFile>[]): Promise<void> {
  const outcomes = await Promise.allSettled(tasks);
  const keys = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' && 'stored' in outcome.value ? [outcome.value.stored.key] : [],
  );
  // A failed removal leaves an orphan, which retention removes.
  await Promise.allSettled(keys.map((key) => blobs.remove(key)));
}

/**
 * Notes a parameter of the mapping.
 * @throws ApiError for a parameter that is repeated or too long, and when there are too many parameters
 */
function takeParameter(parameters: Record<string, string>, name: string, value: string): void {
  if (value === '') return;
  const next = MappingParameters.safeParse({ ...parameters, [name]: value });
  if (!next.success || Object.hasOwn(parameters, name))
    throw new ApiError('BAD_REQUEST', `The parameter ${name} is repeated, too long, or one too many.`);
  parameters[name] = value;
}

function unknownField(field: string): ApiError {
  return new ApiError(
    'BAD_REQUEST',
    `The form has an unknown field: ${JSON.stringify(displayNameOf(field).slice(0, 40))}.`,
  );
}

function tooLarge(limits: UploadLimits): string {
  return `This file is larger than ${Math.floor(limits.fileBytesMax / 1024 / 1024)} MB.`;
}
