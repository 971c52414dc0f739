import type { JobRecord } from '../../read-tables/jobs/jobs-table.ts';
import type { JobView } from '../../schemas/protocols/http-api.ts';
import type { OperatorJobView } from '../../schemas/protocols/ops-api.ts';
import { convertedBeforeOf, type ConvertedBeforeColumns } from './converted-before.ts';

/** The columns of `docket.jobs` from which a view is made. */
export const SHOWN_COLUMNS = [
  'job_id',
  'owner',
  'filename',
  'mapping_id',
  'mapping_version',
  'state',
  'error_code',
  'error_reason',
  'error_message',
  'attempts',
  'bytes',
  'pages',
  'warnings',
  'result_bytes',
  'result_media_type',
  'result_sha256',
  'next_attempt_at',
  'created_at',
  'updated_at',
  'mapping_parameters',
  'converted_by',
  'revision',
  'position',
] as const satisfies readonly (keyof JobRecord)[];

/** The columns of a job that a list or a page reads, as the driver returns them. */
export type ShownRow = Pick<JobRecord, (typeof SHOWN_COLUMNS)[number]> & ConvertedBeforeColumns;

/** Returns the name of a mapping for users. */
export type LabelOf = (mappingId: string) => string;

/** A job as REST and the live socket show it. The view contains the result only while the result can be downloaded. */
export function jobView(row: ShownRow, labelOf: LabelOf): JobView {
  return {
    jobId: row.job_id,
    filename: row.filename,
    mapping: { id: row.mapping_id, version: row.mapping_version, label: labelOf(row.mapping_id) },
    state: row.state,
    error:
      row.error_code === null
        ? null
        : { code: row.error_code, reason: row.error_reason, message: row.error_message ?? '' },
    attempts: row.attempts,
    bytes: Number(row.bytes),
    pages: row.pages === null ? null : Number(row.pages),
    warnings: [...(row.warnings ?? [])],
    parameters: row.mapping_parameters,
    result: resultOf(row),
    convertedBy: row.converted_by,
    convertedBefore: convertedBeforeOf(row),
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    revision: Number(row.revision),
    position: row.position,
  };
}

/** A job as operators see it. */
export function operatorJobView(row: ShownRow, labelOf: LabelOf): OperatorJobView {
  return { ...jobView(row, labelOf), owner: row.owner };
}

function resultOf(row: ShownRow): JobView['result'] {
  const { state, result_bytes: bytes, result_media_type: mediaType, result_sha256: sha256 } = row;
  if (state !== 'ready' || bytes === null || mediaType === null || sha256 === null) return null;
  return { bytes: Number(bytes), mediaType, sha256 };
}
