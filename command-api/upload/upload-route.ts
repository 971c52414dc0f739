import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import pLimit from 'p-limit';
import { loadStream } from '../../event-store/handle-command.ts';
import { ownerOf } from '../../identity/middleware.ts';
import { isoNow } from '../../runtime/clock.ts';
import { crashPoint } from '../../runtime/crash-points.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { requestIdOf } from '../../runtime/http/app.ts';
import { isRetryable } from '../../schemas/errors/coded-error.ts';
import { API_ERRORS } from '../../schemas/errors/error-codes.ts';
import { MappingId } from '../../schemas/ids.ts';
import { commandIdOf, jobIdOf } from '../../schemas/name-based-ids.ts';
import type { UploadDocument } from '../../schemas/job-commands.ts';
import type { MappingRef } from '../../schemas/events/job-events.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { acceptWithinQuota, quotaRefusal, removeUnneeded } from './accept-document.ts';
import { answerEarly } from '../early-answer.ts';
import type { Answer, KeyedRequest } from '../idempotency/idempotency.ts';
import { fingerprintOf } from '../idempotency/idempotency-record.ts';
import { holdingKey, keyedRequestOf, REPLAYED_HEADER } from '../idempotency/keyed-request.ts';
import { SenderGone } from './multipart.ts';
import { QuotaExceeded } from '../owner-storage/owner-storage.ts';
import { receiveUpload, type ReceivedUpload } from './receive-upload.ts';
import type { ReceivedFile, RefusedFile } from './received-file.ts';
import { uploadAnswer, type FileOutcome } from './upload-answer.ts';
import type { WriteSide } from '../write-side.ts';

/** Number of files of one request whose commands run at the same time. */
const COMMANDS_AT_ONCE = 8;
const UPLOAD_PRIORITY = 0;
const UNAVAILABLE_RETRY_SEC = 2;
/** Codes of refusals that are recorded. Other refusals are caused by Docket itself or by the present load. */
const RECORDED = new Set(['NOT_PDF', 'TOO_LARGE', 'UNKNOWN_MAPPING']);
/** Codes of refusals that a retry may not get. An answer with such a code must not be kept. */
const PASSING = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'STORAGE_FULL', 'QUOTA_EXCEEDED', 'INTERNAL']);

interface UploadRequest {
  readonly owner: string;
  readonly requestId: string;
}

/** `POST /api/jobs`: turns files into jobs. This file shows the steps of an upload in order. */
export function uploadRoute(side: WriteSide): RequestHandler {
  return async (req, res) => {
    const request: UploadRequest = { owner: ownerOf(res), requestId: requestIdOf(res) };
    const keyed = keyedRequestOf(req, res);
    if (side.ownerStorage?.isKnown() === false)
      throw new ApiError('UNAVAILABLE', 'Docket is still counting the stored bytes; try again in a moment.');
    const place = await side.admission.upload(req, request.owner);
    const endTimer = side.metrics.seconds.startTimer();
    try {
      const { answer, replayed } = await holdingKey(side.idempotency, keyed, async () => {
        const received = await receiveUpload(req, {
          blobs: side.blobs,
          limits: limitsOf(side),
          admitFile: () => admitFile(side, request),
          placeNeeded: place.signal,
        });
        const mapping = await mappingOf(side, request, received);
        let carriedOut = false;
        const carryOut = (seed: string) => {
          carriedOut = true;
          return carryOutUpload(side, request, { received, mapping, seed });
        };
        if (!keyed || (await changesNothing(side, keyed, request, { received, mapping })))
          return { ...(await carryOut(randomUUID())), replayed: false };
        const once = await onceOrRemoved(side, received, () =>
          side.idempotency.once({ ...keyed, fingerprint: uploadFingerprint(received) }, carryOut),
        );
        // Another process has answered this request. The log refers to these blobs only if this process executed the
        // request as well.
        if (once.replayed && !carriedOut) await removeAll(side, received);
        return once;
      });
      if (replayed) res.setHeader(REPLAYED_HEADER, 'true');
      res.setHeader('Cache-Control', 'no-store');
      if (answer.retryAfterSec !== undefined) res.setHeader('Retry-After', String(answer.retryAfterSec));
      answerEarly(req, res, answer.status, answer.body);
    } catch (error) {
      if (!(error instanceof SenderGone)) throw error;
      side.metrics.aborted.inc();
      res.destroy();
    } finally {
      endTimer();
      place.leave();
    }
  };
}

function limitsOf({ settings }: WriteSide) {
  return {
    fileBytesMax: settings.MAX_UPLOAD_MB * 1024 * 1024,
    filesMax: settings.MAX_FILES_PER_REQUEST,
    idleMs: settings.UPLOAD_IDLE_TIMEOUT_MS,
    strictPdfHeader: settings.STRICT_PDF_HEADER,
  };
}

async function admitFile(side: WriteSide, request: UploadRequest): Promise<RefusedFile | null> {
  const waitSec = await side.admission.file(request.owner);
  if (waitSec === null) return null;
  const message = `Too many files; try again in ${waitSec} s.`;
  return { code: 'RATE_LIMITED', message, bytes: 0, retryAfterSec: waitSec };
}

/** Turns stored files into jobs and an answer. After a crash this function may run again with the same seed. */
async function carryOutUpload(
  side: WriteSide,
  request: UploadRequest,
  { received, mapping, seed }: { received: ReceivedUpload; mapping: MappingRef; seed: string },
): Promise<{ answer: Answer; keep: boolean }> {
  const limit = pLimit(COMMANDS_AT_ONCE);
  const before = new Map<string, Promise<unknown>>();
  const outcomes = await Promise.all(
    received.files.map((file, index) => {
      const run = () => limit(() => outcomeOf(side, request, { file, mapping, seed: `${seed}/${index}` }));
      // If a form contains the same content twice, the first file becomes the job and the second finds it.
      const content = 'stored' in file ? file.stored.sha256 : String(index);
      const outcome = (before.get(content) ?? Promise.resolve()).then(run);
      before.set(content, outcome);
      return outcome;
    }),
  );
  const { status, body } = uploadAnswer(outcomes, request.requestId);
  const isPassingFault = outcomes.some(({ result }) => 'error' in result && isPassing(result.error.code));
  const retryAfterSec = retryAfterOf(status, received);
  return { answer: { status, body, ...retryAfterSec }, keep: !isPassingFault && status < 400 };
}

/** True when an upload with a new key changes nothing: each file is refused, or already is a job. */
async function changesNothing(
  side: WriteSide,
  keyed: KeyedRequest,
  request: UploadRequest,
  { received, mapping }: { received: ReceivedUpload; mapping: MappingRef },
): Promise<boolean> {
  if (await side.idempotency.isKnown(keyed)) return false;
  for (const file of received.files) {
    if ('refused' in file) continue;
    const command = uploadCommand(side, request, { filename: file.filename, ...file.stored, mapping });
    const { state } = await loadStream(side.log, side.decider, jobStream(command.jobId));
    const decision = side.decider.decide(command, state);
    const isChange = 'accepted' in decision && decision.accepted.length > 0;
    if (isChange && side.ownerStorage?.hasRoom(command) !== false) return false;
  }
  return true;
}

/** The `Retry-After` of a 429 or a 503 (RFC 9110, section 10.2.3). */
function retryAfterOf(status: number, received: ReceivedUpload): { retryAfterSec?: number } {
  if (status === 503) return { retryAfterSec: UNAVAILABLE_RETRY_SEC };
  if (status !== 429) return {};
  const waits = received.files.map((file) => ('refused' in file ? (file.refused.retryAfterSec ?? 0) : 0));
  return { retryAfterSec: Math.max(...waits) };
}

function isPassing(code: string): boolean {
  return PASSING.has(code);
}

async function mappingOf(
  side: WriteSide,
  request: UploadRequest,
  received: ReceivedUpload,
): Promise<MappingRef> {
  const id = received.mapping ?? side.settings.DEFAULT_MAPPING;
  await side.mappings.fresh();
  const mapping = MappingId.safeParse(id).success ? side.mappings.find(id) : null;
  if (mapping) {
    const { version, parameters = [] } = mapping;
    const unknown = Object.keys(received.parameters).find(
      (name) => !parameters.some((each) => each.name === name),
    );
    if (unknown === undefined) {
      const given = Object.keys(received.parameters).length > 0 ? { parameters: received.parameters } : {};
      return { id: mapping.id, version, ...given };
    }
    await removeAll(side, received);
    throw new ApiError('BAD_REQUEST', `The mapping ${mapping.id} has no parameter ${unknown}.`);
  }
  await removeAll(side, received);
  if (!side.mappings.loaded())
    throw new ApiError('UNAVAILABLE', 'The mappings are not known yet; try again in a moment.');
  for (const { filename } of received.files)
    recordRefusal(side, request, filename, {
      code: 'UNKNOWN_MAPPING',
      message: API_ERRORS.UNKNOWN_MAPPING.sentence,
      bytes: 0,
    });
  throw new ApiError('UNKNOWN_MAPPING');
}

function uploadCommand(
  side: WriteSide,
  { owner }: UploadRequest,
  stored: { filename: string; key: string; bytes: number; sha256: string; mapping: MappingRef },
): UploadDocument {
  const { filename, key, bytes, sha256, mapping } = stored;
  return {
    type: 'UploadDocument',
    at: isoNow(side.clock),
    jobId: jobIdOf(owner, mapping, sha256),
    owner,
    filename,
    bytes,
    sha256,
    blobKey: key,
    mapping,
    priority: UPLOAD_PRIORITY,
  };
}

async function outcomeOf(
  side: WriteSide,
  request: UploadRequest,
  { file, mapping, seed }: { file: ReceivedFile; mapping: MappingRef; seed: string },
): Promise<FileOutcome> {
  const { filename } = file;
  if ('refused' in file) {
    const { code, message } = file.refused;
    recordRefusal(side, request, filename, file.refused);
    return { result: { filename, error: { code, message } } };
  }
  const command = uploadCommand(side, request, { filename, ...file.stored, mapping });
  const { jobId, bytes } = command;
  try {
    const accepted = await acceptWithinQuota(side, command, {
      commandId: commandIdOf('upload', seed),
      correlationId: request.requestId,
      actor: `owner:${request.owner}`,
    });
    crashPoint('after-upload-append');
    await removeUnneeded(side.blobs, accepted.unneededBlobKey, (error) => orphaned(side, error));
    const { deduplicated, position, job } = accepted;
    side.metrics.files.inc({ outcome: deduplicated ? 'deduplicated' : 'accepted' });
    side.metrics.bytes.inc(bytes);
    return { result: { filename, jobId, state: job.state, deduplicated }, position };
  } catch (error) {
    if (error instanceof QuotaExceeded) {
      await removeUnneeded(side.blobs, command.blobKey, (cause) => orphaned(side, cause));
      side.metrics.files.inc({ outcome: error.code });
      return { result: { filename, error: quotaRefusal(error.quota, bytes) } };
    }
    // The log may have the upload, so the blob stays. Either a job refers to it, or retention removes it as an orphan.
    const code = isRetryable(error) ? 'UNAVAILABLE' : 'INTERNAL';
    side.logger.error({ err: error, requestId: request.requestId, jobId }, 'an upload could not be appended');
    side.metrics.orphanedBlobs.inc();
    side.metrics.files.inc({ outcome: code });
    return { result: { filename, error: { code, message: API_ERRORS[code].sentence } } };
  }
}

function recordRefusal(
  side: WriteSide,
  request: UploadRequest,
  filename: string,
  refused: RefusedFile,
): void {
  const { code, message, bytes, cause } = refused;
  side.metrics.files.inc({ outcome: code });
  if (cause !== undefined)
    side.logger.error({ err: cause, requestId: request.requestId }, 'an upload could not be stored');
  if (!RECORDED.has(code)) return;
  side.rejections.record(
    { at: isoNow(side.clock), owner: request.owner, code, filename, bytes, reason: message },
    request.requestId,
  );
}

/**
 * The fingerprint of a form. Two forms are equal when they name the same mapping and parameters, and contain the same
 * files in the same order.
 */
function uploadFingerprint({ mapping, parameters, files }: ReceivedUpload): string {
  const parts = files.map((file) => [
    file.filename,
    'stored' in file ? file.stored.sha256 : file.refused.code,
  ]);
  const given = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  // Without parameters the fingerprint is the same as in older builds, whose keys are still in the log.
  return fingerprintOf('POST /api/jobs', mapping, parts, ...(given.length > 0 ? [given] : []));
}

/** Removes the stored files when another request has the key. */
async function onceOrRemoved<T>(
  side: WriteSide,
  received: ReceivedUpload,
  once: () => Promise<T>,
): Promise<T> {
  try {
    return await once();
  } catch (error) {
    if (error instanceof ApiError && (error.code === 'CONFLICT' || error.code === 'IDEMPOTENCY_MISMATCH'))
      await removeAll(side, received);
    throw error;
  }
}

async function removeAll(side: WriteSide, received: ReceivedUpload): Promise<void> {
  for (const file of received.files)
    if ('stored' in file) await removeUnneeded(side.blobs, file.stored.key, (error) => orphaned(side, error));
}

function orphaned(side: WriteSide, error: unknown): void {
  side.metrics.orphanedBlobs.inc();
  side.logger.warn(
    { err: error },
    'a blob without a reference could not be removed; retention will remove it',
  );
}
