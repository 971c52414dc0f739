import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { findOwnJob } from './own-job.ts';
import type { QueryContext } from '../request/query-context.ts';
import type { CheckedBlobs } from './result-delivery.ts';
import { resultName, uniqueNames } from './result-names.ts';

/** Name of the text file that lists the missing results. */
const MISSING_NAME = 'NOT-INCLUDED.txt';

interface Entry {
  readonly jobId: string;
  readonly name: string;
  readonly bytes: number;
  readonly modified: Date;
  readonly stream: Readable;
}

export interface ResultArchive {
  /** Fails when a result turns out damaged after its first byte, so that the client never gets a complete archive. */
  readonly stream: Readable;
  /** Jobs whose result is in the archive. The list is complete when the stream has ended. */
  readonly included: readonly { readonly jobId: string; readonly bytes: number }[];
}

/**
 * Makes an archive of the owner's Ready jobs among `jobIds`, one entry at a time while the client reads it. Each
 * job's stream, read at that moment, decides whether the result is included. A text file lists jobs without a result
 * or with a damaged result. An unknown job and another owner's job are listed alike. Returns null when no job has a
 * result.
 */
export async function zipOfResults(
  context: QueryContext,
  results: CheckedBlobs,
  owner: string,
  jobIds: readonly string[],
): Promise<ResultArchive | null> {
  const name = uniqueNames();
  name(MISSING_NAME);
  const missing: string[] = [];
  const entries = entriesOf(context, results, { owner, jobIds }, { name, missing });
  const first = await entries.next();
  if (first.done) return null;
  const zip = new ZipFile();
  const included: { jobId: string; bytes: number }[] = [];
  const stream = zip.outputStream as Readable;
  zip.on('error', (error: Error) => stream.destroy(error));
  let current: Entry | null = first.value;
  const fill = async (): Promise<void> => {
    for (let entry: Entry | null = first.value; entry && !stream.destroyed;) {
      current = entry;
      await add(zip, entry);
      included.push({ jobId: entry.jobId, bytes: entry.bytes });
      const next: IteratorResult<Entry, void> = await entries.next();
      entry = next.done ? null : next.value;
    }
    if (missing.length > 0) zip.addBuffer(Buffer.from(`${missing.join('\n')}\n`), MISSING_NAME);
    zip.end();
  };
  stream.once('close', () => {
    current?.stream.destroy();
    void entries.return();
  });
  void fill().catch((error: unknown) => stream.destroy(error as Error));
  return { stream, included };
}

async function* entriesOf(
  context: QueryContext,
  results: CheckedBlobs,
  { owner, jobIds }: { readonly owner: string; readonly jobIds: readonly string[] },
  { name, missing }: { readonly name: (name: string) => string; readonly missing: string[] },
): AsyncGenerator<Entry, void> {
  for (const jobId of jobIds) {
    const job = await findOwnJob(context.log, context.policy, owner, jobId);
    if (job?.state !== 'ready') {
      missing.push(`${jobId}: there is no result of a job with this id.`);
      continue;
    }
    const { result } = job.conversion;
    const stream = await results.open(result).catch((error: unknown) => {
      context.logger.error(
        { err: error, jobId, alert: 'result-corrupt' },
        'a result is left out of an archive',
      );
      return null;
    });
    if (!stream) {
      missing.push(`${jobId}: the stored result cannot be read.`);
      continue;
    }
    const modified = new Date(job.updatedAt);
    yield {
      jobId,
      bytes: result.bytes,
      modified,
      stream,
      name: name(resultName(job.filename, result.mediaType)),
    };
  }
}

/** Adds an entry. Resolves when its bytes are in the archive. */
async function add(zip: ZipFile, entry: Entry): Promise<void> {
  const read = finished(entry.stream, { writable: false });
  entry.stream.once('error', (error) => zip.emit('error', error));
  zip.addReadStream(entry.stream, entry.name, { mtime: entry.modified, size: entry.bytes });
  await read;
}
