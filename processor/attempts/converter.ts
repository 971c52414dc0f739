import type { BlobStore, OpenedBlob } from '../../blob-store/blob-store.ts';
import { resultKeyOf } from '../../blob-store/blob-key.ts';
import { BlobTooLarge } from '../../blob-store/blob-errors.ts';
import { crashPoint } from '../../runtime/crash-points.ts';
import type { Log } from '../../runtime/log/log.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type {
  ConvertedBy,
  InvoiceIdentity,
  MappingRef,
  ResultRef,
  Warning,
} from '../../schemas/events/job-events.ts';
import type { GatewayClient, GatewayResult } from '../gateway-call/gateway-client.ts';
import type { GatewayGate } from '../circuit-breaker/gateway-gate.ts';
import { AttemptFailed, badOutput } from '../gateway-call/gateway-failure.ts';
import { checkResult } from '../gateway-call/result-check.ts';
import { RESULT_BYTES_MAX, tooLarge } from '../gateway-call/result-headers.ts';

/** The task of one attempt. */
export interface ConversionTask {
  readonly jobId: string;
  readonly fencingToken: string;
  /** Hash of the attempt's `ConversionStarted`; null when its stream is not chained. */
  readonly startHash: string | null;
  readonly mapping: MappingRef;
  readonly sourceBlobKey: string;
  readonly sourceSha256: string;
  readonly sourceBytes: number;
}

/** A stored and verified result, under a key that only this attempt uses. */
export interface ConversionResult {
  readonly result: ResultRef;
  readonly pages: number;
  readonly gatewayMs: number;
  readonly warnings: readonly Warning[];
  readonly convertedBy?: ConvertedBy | undefined;
  readonly invoice?: InvoiceIdentity | undefined;
}

/**
 * Converts a document to a stored result.
 * @throws AttemptFailed, or the signal's reason as soon as `signal` is aborted, even when a disk hangs
 */
export type Convert = (task: ConversionTask, signal: AbortSignal) => Promise<ConversionResult>;

/** The reason of the abort when an attempt takes longer than WORKER_TIMEOUT_MS. */
export class AttemptTooLong extends CodedError {
  readonly code = 'ATTEMPT_TOO_LONG';
  override readonly retryable = true;

  constructor(timeoutMs: number) {
    super(`The attempt did not end within ${timeoutMs} ms.`);
  }
}

/**
 * Makes the converter that calls the gateway and stores results in `blobs`. A result becomes visible only after its
 * bytes are verified.
 */
export function gatewayConverter(parts: {
  client: GatewayClient;
  gate: GatewayGate;
  blobs: BlobStore;
  logger: Log;
}): Convert {
  const { client, gate, blobs, logger } = parts;
  return async (task, signal) => {
    const key = resultKeyOf(task.jobId, task.fencingToken, task.startHash);
    const at: { waitingFor: 'storage' | 'gateway' } = { waitingFor: 'storage' };
    const work = (async () => {
      const source = await openSource(blobs, task);
      at.waitingFor = 'gateway';
      const { mapping, jobId, sourceBytes, sourceSha256 } = task;
      crashPoint('before-gateway', jobId);
      try {
        return await gate.run(() =>
          client.convert(
            { jobId, mapping, source: source.stream, sourceBytes, sourceSha256, signal },
            (result, both) => {
              crashPoint('after-gateway', jobId);
              result.body.once('end', () => (at.waitingFor = 'storage'));
              return store(blobs, { jobId, key }, result, both);
            },
          ),
        );
      } finally {
        // The circuit breaker may refuse the call before the source is read.
        source.stream.destroy();
      }
    })();
    try {
      return await Promise.race([work, whenAborted(signal)]);
    } catch (error) {
      if (signal.aborted) discardLate(work, blobs, key, logger);
      if (!(error instanceof AttemptTooLong)) throw error;
      const code = at.waitingFor === 'gateway' ? 'GW_TIMEOUT' : 'IO_ERROR';
      throw new AttemptFailed(code, `${error.message} It was waiting for the ${at.waitingFor}.`, {
        cause: error,
      });
    }
  };
}

async function openSource(blobs: BlobStore, task: ConversionTask): Promise<OpenedBlob> {
  let source: OpenedBlob;
  try {
    source = await blobs.open(task.sourceBlobKey);
  } catch (error) {
    throw new AttemptFailed('IO_ERROR', 'The stored PDF could not be opened.', { cause: error });
  }
  if (source.bytes === task.sourceBytes) return source;
  source.stream.destroy();
  throw new AttemptFailed('IO_ERROR', 'The stored PDF does not have the length of the upload.');
}

async function store(
  blobs: BlobStore,
  { jobId, key }: { readonly jobId: string; readonly key: string },
  result: GatewayResult,
  signal: AbortSignal,
): Promise<ConversionResult> {
  const check = checkResult(result.mediaType);
  try {
    const written = await blobs.put(key, result.body, {
      maxBytes: RESULT_BYTES_MAX,
      signal,
      inspect: (chunk) => {
        check.inspect(chunk);
        crashPoint('mid-tmp', jobId);
      },
      verify: ({ bytes, sha256 }) => {
        check.finish();
        if (result.contentLength !== null && bytes !== result.contentLength)
          throw badOutput('The result does not have the length that the gateway announced.');
        if (sha256 !== result.sha256)
          throw badOutput('The result does not have the digest that the gateway announced.');
      },
    });
    crashPoint('after-rename', jobId);
    const { mediaType, pages, conversionMs: gatewayMs, warnings, convertedBy, invoice } = result;
    const by = convertedBy === null ? {} : { convertedBy };
    const which = invoice === null ? {} : { invoice };
    return { result: { blobKey: key, ...written, mediaType }, pages, gatewayMs, warnings, ...by, ...which };
  } catch (error) {
    if (error instanceof AttemptFailed || signal.aborted || error === result.body.errored) throw error;
    if (error instanceof BlobTooLarge) throw tooLarge({ cause: error });
    throw new AttemptFailed('IO_ERROR', 'The result could not be stored.', { cause: error });
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** The attempt is over, so a result that still arrives is removed. */
function discardLate(work: Promise<unknown>, blobs: BlobStore, key: string, logger: Log): void {
  work
    .then(
      () => blobs.remove(key),
      () => undefined,
    )
    .catch((error: unknown) =>
      logger.warn({ err: error, key }, 'a late result could not be removed; the orphan sweep will remove it'),
    );
}
