import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobMissing } from '../blob-store/blob-errors.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { jobStream } from '../schemas/events/streams.ts';
import { fileEndedBy, type NamedFile } from '../conversion-job/named-files.ts';
import { sha256OfChunks } from '../schemas/sha256.ts';

/** Number of files that are read at the same time. */
const FILES_AT_ONCE = 8;

export interface BlobFault {
  readonly jobId: string;
  readonly blobKey: string;
  readonly message: string;
}

/**
 * Reads every file that the log refers to, and compares the file with the hash in its event. A missing file is a
 * fault, unless its job's stream now says that the file has expired.
 *
 * @throws LogUnavailable, BlobStoreUnavailable, the signal's reason
 */
export async function verifyBlobs(options: {
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly log: Pick<EventLog, 'readStream'>;
  readonly files: ReadonlyMap<string, NamedFile & { readonly jobId: string }>;
  readonly faultsMax?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (files: number, of: number) => void;
}): Promise<readonly BlobFault[]> {
  const { files, faultsMax = 20 } = options;
  const waiting = files.values();
  const faults: BlobFault[] = [];
  let done = 0;
  const lane = async (): Promise<void> => {
    for (const file of waiting) {
      options.signal?.throwIfAborted();
      if (faults.length >= faultsMax) return;
      const message = await faultOf(options, file);
      if (message !== null) faults.push({ jobId: file.jobId, blobKey: file.blobKey, message });
      options.onProgress?.((done += 1), files.size);
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, lane));
  return faults.slice(0, faultsMax);
}

async function faultOf(
  { blobs, log }: { blobs: Pick<BlobStore, 'open'>; log: Pick<EventLog, 'readStream'> },
  { kind, blobKey, sha256, bytes, jobId }: NamedFile & { jobId: string },
): Promise<string | null> {
  const what = kind === 'source' ? 'the PDF' : 'the result';
  try {
    const kept = await sha256OfChunks((await blobs.open(blobKey)).stream);
    if (kept.sha256 === sha256) return null;
    return `${what} ${blobKey} has ${kept.bytes} bytes, which differ from the ${bytes} bytes of its event`;
  } catch (error) {
    if (!(error instanceof BlobMissing)) throw error;
    for await (const event of log.readStream(jobStream(jobId)))
      if (fileEndedBy(event) === blobKey) return null;
    return `${what} ${blobKey} is missing`;
  }
}
