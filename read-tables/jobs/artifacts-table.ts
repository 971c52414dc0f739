import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { JobRow } from './jobs-table.ts';

/** The facts that an event states about one file. A missing fact does not change the stored value. */
interface Artifact {
  readonly kind: 'source' | 'result';
  readonly blobKey: string;
  readonly stored?: {
    readonly bytes: number;
    readonly sha256: string;
    readonly mediaType: string;
    readonly at: string;
  };
  readonly expiredAt: string | null;
}

const COLUMNS = columnsFor<Artifact & { readonly jobId: string | null }>()({
  job_id: { type: 'uuid', comment: 'The job.', of: ({ jobId }) => jobId },
  kind: {
    type: 'text',
    known: { as: 'job_artifacts_kind_known', words: ['source', 'result'] },
    comment: 'The PDF, or what it became.',
    of: ({ kind }) => kind,
  },
  blob_key: { type: 'text', comment: 'Its key in the blob store.', of: ({ blobKey }) => blobKey },
  bytes: {
    type: 'bigint',
    nullable: true,
    keepsOlder: true,
    comment: 'Its size in bytes.',
    of: ({ stored }) => stored?.bytes ?? null,
  },
  sha256: {
    type: 'text',
    nullable: true,
    keepsOlder: true,
    comment: 'Its SHA-256 in hexadecimal.',
    of: ({ stored }) => stored?.sha256 ?? null,
  },
  media_type: {
    type: 'text',
    nullable: true,
    keepsOlder: true,
    comment: 'Its media type.',
    of: ({ stored }) => stored?.mediaType ?? null,
  },
  created_at: {
    type: 'timestamptz',
    nullable: true,
    keepsOlder: true,
    comment: 'When it was stored.',
    of: ({ stored }) => stored?.at ?? null,
  },
  expired_at: {
    type: 'timestamptz',
    nullable: true,
    comment: 'When it was removed; null while it is kept.',
    of: ({ expiredAt }) => expiredAt,
  },
});

const valuesOf = valuesBy(COLUMNS);

/**
 * The files of a job. An expiry states only the kind and the key of its file, so the other values are kept. A file
 * that is uploaded again under the same key exists again.
 */
export const artifactsTable: DerivedTable<JobEvent, JobRow> & DefinedTable = {
  name: 'job_artifacts',
  columns: listed(COLUMNS),
  keyColumns: 3,
  keyMade: 'with-table',
  writes: 'replace',
  indexes: {},
  entriesOf: (event, { stream }, before, after) => {
    const artifact = artifactOf(event, before, after);
    return artifact === null ? [] : [valuesOf({ ...artifact, jobId: jobIdOfStream(stream) })];
  },
};

function artifactOf(event: JobEvent, before: JobRow | undefined, after: JobRow | undefined): Artifact | null {
  switch (event.type) {
    case 'DocumentUploaded': {
      const { blobKey, bytes, sha256, at } = event.data;
      const stored = { bytes, sha256, mediaType: 'application/pdf', at };
      return { kind: 'source', blobKey, stored, expiredAt: null };
    }
    case 'ConversionSucceeded': {
      // The fold ignores the result of an attempt without a lease.
      if (before?.job.state !== 'converting' || after?.job.state !== 'ready') return null;
      const { result, at } = event.data;
      const { blobKey, ...rest } = result;
      return { kind: 'result', blobKey, stored: { ...rest, at }, expiredAt: null };
    }
    case 'SourceExpired':
      return { kind: 'source', blobKey: event.data.blobKey, expiredAt: event.data.at };
    case 'ResultExpired':
      return { kind: 'result', blobKey: event.data.blobKey, expiredAt: event.data.at };
    default:
      return null;
  }
}
