import type { JobView } from '../../schemas/protocols/http-api.ts';

/** Columns that show whether the same invoice was converted earlier from other bytes. */
export interface ConvertedBeforeColumns {
  readonly before_job_id: string | null;
  readonly before_filename: string | null;
  readonly before_at: Date | null;
}

/**
 * Adds to rows of jobs the first job of the same owner that gave the same invoice from other bytes. Log positions
 * bound the look-up, so the row at a position never changes (ADR 0175).
 * @param rows a select with the columns of a shown row; the columns about the result come from it
 */
export function withConvertedBefore(rows: string): string {
  return `select shown.*, before.* from (${rows}) shown left join lateral (${EARLIER}) before on true`;
}

/**
 * Selects the earlier job. The hash of the result selects this result's invoice among the invoices of the job's
 * conversions.
 */
const EARLIER =
  'select earlier.job_id as before_job_id, earlier.filename as before_filename, earlier.converted_at as before_at' +
  ' from (select own.* from docket.job_invoices own where own.job_id = shown.job_id' +
  ' and own.result_sha256 = shown.result_sha256 and own.position <= shown.position' +
  ' order by own.revision desc limit 1) own' +
  ' cross join lateral (select other.* from docket.job_invoices other where other.owner = own.owner' +
  ' and other.seller_tax_id = own.seller_tax_id and other.number = own.number' +
  ' and other.issue_date = own.issue_date and other.position <= own.position' +
  ' order by other.position limit 1) earlier' +
  " where shown.state in ('ready', 'expired') and earlier.source_sha256 <> own.source_sha256";

/** The earlier job in the form of the API; null when there is none. */
export function convertedBeforeOf(row: ConvertedBeforeColumns): JobView['convertedBefore'] {
  const { before_job_id: jobId, before_filename: filename, before_at: at } = row;
  return jobId === null || filename === null || at === null
    ? null
    : { jobId, filename, at: at.toISOString() };
}
