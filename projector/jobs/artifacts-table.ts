import type { DerivedTable } from '../../read-store/projection-engine/projection.ts';
import type { Values } from '../../read-store/projection-engine/table.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import { jobIdOfStream } from '../../schemas/streams.ts';
import type { JobRow } from './row.ts';

/**
 * The files of a job. An expiry names its file by kind and key alone and leaves what is known about it; a file that
 * is uploaded again under the same key is there again.
 */
export const artifactsTable: DerivedTable<JobEvent, JobRow> = {
  name: 'job_artifacts',
  columns: [
    { name: 'job_id', type: 'uuid' },
    { name: 'kind', type: 'text' },
    { name: 'blob_key', type: 'text' },
    { name: 'bytes', type: 'bigint', keepsOlder: true },
    { name: 'sha256', type: 'text', keepsOlder: true },
    { name: 'media_type', type: 'text', keepsOlder: true },
    { name: 'created_at', type: 'timestamptz', keepsOlder: true },
    { name: 'expired_at', type: 'timestamptz' },
  ],
  keyColumns: 3,
  writes: 'replace',
  entriesOf: (event, { stream }, before, after) => {
    const entry = artifactOf(event, before, after);
    return entry ? [[jobIdOfStream(stream), ...entry]] : [];
  },
};

function artifactOf(event: JobEvent, before: JobRow | undefined, after: JobRow | undefined): Values | null {
  switch (event.type) {
    case 'DocumentUploaded': {
      const { blobKey, bytes, sha256, at } = event.data;
      return ['source', blobKey, bytes, sha256, 'application/pdf', at, null];
    }
    case 'ConversionSucceeded': {
      // The result of an attempt that had lost its lease is nobody's: the fold did not take it.
      if (before?.job.state !== 'converting' || after?.job.state !== 'ready') return null;
      const { result, at } = event.data;
      return ['result', result.blobKey, result.bytes, result.sha256, result.mediaType, at, null];
    }
    case 'SourceExpired':
      return ['source', event.data.blobKey, null, null, null, null, event.data.at];
    case 'ResultExpired':
      return ['result', event.data.blobKey, null, null, null, null, event.data.at];
    default:
      return null;
  }
}
