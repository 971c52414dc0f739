import { Readable } from 'node:stream';
import { newSourceKey } from '../../blob-store/blob-key.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { acceptDocument, removeUnneeded } from '../../command-api/upload/accept-document.ts';
import { createIdempotency, type Answer } from '../../command-api/idempotency/idempotency.ts';
import { fingerprintOf } from '../../command-api/idempotency/idempotency-record.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { handleCommand, loadStream } from '../../event-store/handle-command.ts';
import { isoNow } from '../../runtime/clock.ts';
import { commandIdOf } from '../../schemas/name-based-ids.ts';
import type { JobCommand } from '../../schemas/job-commands.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import type { Life } from '../engine/world.ts';
import { MAPPING, type Installation } from '../installation.ts';
import { simulatedBlobs } from '../ports/blob-store.ts';
import { simulatedLog } from '../ports/event-log.ts';

/** Longest document, in bytes. */
export const DOCUMENT_BYTES_MAX = 400;

export interface UploadRequest {
  readonly owner: string;
  /** The `Idempotency-Key`; every attempt of one upload sends the same key. */
  readonly key: string;
  readonly requestId: string;
  readonly filename: string;
  readonly bytes: Buffer;
}

/** An answer of the write side: a status, and the job if there is one. */
export interface Reply {
  readonly status: number;
  readonly jobId: string | null;
}

export interface CommandApi {
  upload(request: UploadRequest): Promise<Reply>;
  /** Retries or cancels a job of the owner. A job of another owner looks like one that does not exist. */
  command(owner: string, jobId: string, what: 'retry' | 'cancel', requestId: string): Promise<Reply>;
}

/**
 * Starts the write side without HTTP, in the order of `upload-route.ts`. It uses the product's idempotency, its
 * `acceptDocument`, and its removal of blobs that are not needed.
 */
export function bootCommandApi(installation: Installation, life: Life): CommandApi {
  const { world, composition, decider } = installation;
  const log = composition.log(
    simulatedLog(world, life, installation.log, composition.createRing),
    world.random,
  );
  const blobs = simulatedBlobs(world, life, installation.blobs);
  const idempotency = createIdempotency(log, life.clock);

  const accept = async (request: UploadRequest, stored: Stored, seed: string): Promise<Kept> => {
    const { owner, filename, requestId } = request;
    const { sha256, bytes, key: blobKey } = stored;
    const jobId = composition.jobId({ owner, mapping: MAPPING, sha256 }, installation.tables, world.random);
    const about = { jobId, owner, filename, bytes, sha256, blobKey, mapping: MAPPING, priority: 0 };
    const context = {
      commandId: commandIdOf('upload', `${seed}/0`),
      correlationId: requestId,
      actor: `owner:${owner}`,
    };
    try {
      const command = { type: 'UploadDocument', at: isoNow(life.clock), ...about } as const;
      const { unneededBlobKey, deduplicated } = await acceptDocument(log, decider, command, context);
      await removeUnneeded(blobs, unneededBlobKey, () => undefined);
      return { answer: { status: deduplicated ? 200 : 202, body: { jobId } }, keep: true };
    } catch (error) {
      if ((error as { retryable?: unknown }).retryable !== true) throw error;
      return { answer: { status: 503, body: {} }, keep: false };
    }
  };

  return {
    upload: async (request) => {
      const { owner, key, requestId, filename } = request;
      let release: () => void;
      try {
        release = idempotency.hold({ owner, key });
      } catch {
        return { status: 409, jobId: null };
      }
      try {
        const stored = await receive(blobs, request);
        if ('status' in stored) return stored;
        const fingerprint = fingerprintOf('upload', filename, stored.sha256);
        const asked = { owner, key, correlationId: requestId, fingerprint };
        let carriedOut = false;
        const once = await idempotency.once(asked, (seed) => {
          carriedOut = true;
          return accept(request, stored, seed);
        });
        if (composition.isUnneeded({ replayed: once.replayed, carriedOut }))
          await removeUnneeded(blobs, stored.key, () => undefined);
        return {
          status: once.answer.status,
          jobId: (once.answer.body['jobId'] as string | undefined) ?? null,
        };
      } catch (error) {
        return replyOf(error);
      } finally {
        release();
      }
    },
    command: (owner, jobId, what, requestId) =>
      command(installation, life, log, { owner, jobId, what, requestId }).catch(replyOf),
  };
}

type Stored = { readonly key: string; readonly bytes: number; readonly sha256: string };
type Kept = { answer: Answer; keep: boolean };

async function receive(blobs: BlobStore, { bytes }: UploadRequest): Promise<Stored | Reply> {
  const key = newSourceKey();
  try {
    return { key, ...(await blobs.put(key, Readable.from([bytes]), { maxBytes: DOCUMENT_BYTES_MAX })) };
  } catch (error) {
    const statuses: Record<string, number> = { BLOB_TOO_LARGE: 413, STORAGE_FULL: 507 };
    return { status: statuses[(error as { code: string }).code] ?? 503, jobId: null };
  }
}

async function command(
  { decider }: Installation,
  life: Life,
  log: EventLog,
  {
    owner,
    jobId,
    what,
    requestId,
  }: { owner: string; jobId: string; what: 'retry' | 'cancel'; requestId: string },
): Promise<Reply> {
  const { state: job } = await loadStream(log, decider, jobStream(jobId));
  if (job.state === 'absent' || job.owner !== owner) return { status: 404, jobId: null };
  const at = isoNow(life.clock);
  const asked: JobCommand =
    what === 'retry'
      ? { type: 'RetryConversion', at, priority: 0 }
      : { type: 'CancelConversion', at, by: 'owner' };
  const context = {
    commandId: commandIdOf(what, requestId, jobId),
    correlationId: requestId,
    actor: `owner:${owner}`,
  };
  const handled = await handleCommand(log, decider, jobStream(jobId), asked, context);
  return { status: handled.outcome === 'accepted' ? 202 : 409, jobId };
}

function replyOf(error: unknown): Reply {
  const { code, retryable } = error as { code?: unknown; retryable?: unknown };
  if (code === 'CONFLICT') return { status: 409, jobId: null };
  if (retryable === true) return { status: 503, jobId: null };
  throw error;
}
