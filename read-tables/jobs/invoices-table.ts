import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { InvoiceIdentity, JobEvent } from '../../schemas/events/job-events.ts';
import type { JobRow } from './jobs-table.ts';

/** An invoice that a conversion produced. */
interface Converted {
  readonly recorded: StoredEvent;
  readonly at: string;
  readonly resultSha256: string;
  readonly invoice: InvoiceIdentity;
  readonly after: JobRow;
}

const COLUMNS = columnsFor<Converted>()({
  job_id: { type: 'uuid', comment: 'The job.', of: ({ after }) => after.job.jobId },
  revision: {
    type: 'bigint',
    comment: 'Place in the job’s stream of the event that says so.',
    of: ({ recorded }) => recorded.revision,
  },
  position: {
    type: 'bigint',
    comment: 'Position of that event in the log.',
    of: ({ recorded }) => recorded.position,
  },
  owner: {
    type: 'text',
    comment: 'Opaque id of whoever uploaded the file.',
    of: ({ after }) => after.job.owner,
  },
  seller_tax_id: {
    type: 'text',
    comment: 'The seller’s tax number: letters and digits alone, in capitals.',
    of: ({ invoice }) => comparableTaxId(invoice.sellerTaxId),
  },
  number: {
    type: 'text',
    comment: 'The invoice’s number without blanks, in capitals.',
    of: ({ invoice }) => comparableNumber(invoice.number),
  },
  issue_date: {
    type: 'text',
    comment: 'The invoice’s date, YYYY-MM-DD.',
    of: ({ invoice }) => invoice.issueDate,
  },
  source_sha256: {
    type: 'text',
    comment: 'SHA-256 of the PDF in hexadecimal.',
    of: ({ after }) => after.job.sha256,
  },
  result_sha256: {
    type: 'text',
    comment: 'SHA-256 of the result in hexadecimal.',
    of: ({ resultSha256 }) => resultSha256,
  },
  filename: {
    type: 'text',
    comment: 'Name of the file when it was converted.',
    of: ({ after }) => after.job.filename,
  },
  converted_at: { type: 'timestamptz', comment: 'When it was converted.', of: ({ at }) => at },
});

const valuesOf = valuesBy(COLUMNS);

/**
 * The invoice of each conversion. A lookup for an earlier conversion searches the rows of the same owner with an
 * earlier position (ADR 0175). Rows are never updated.
 */
export const invoicesTable: DerivedTable<JobEvent, JobRow> & DefinedTable = {
  name: 'job_invoices',
  columns: listed(COLUMNS),
  keyColumns: 2,
  keyMade: 'at-end',
  writes: 'append',
  indexes: { job_invoices_by_invoice: '(owner, seller_tax_id, number, issue_date, position)' },
  entriesOf: (event, recorded, before, after) => {
    if (event.type !== 'ConversionSucceeded' || event.data.invoice === undefined) return [];
    // The fold ignores the result of an attempt without a lease.
    if (before?.job.state !== 'converting' || after?.job.state !== 'ready') return [];
    const { at, invoice, result } = event.data;
    return [valuesOf({ recorded, at, resultSha256: result.sha256, invoice, after })];
  },
};

/** Normalises a tax number, because it is printed with and without blanks, dots and hyphens. */
function comparableTaxId(text: string): string {
  return text.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Normalises an invoice number. Hyphens and slashes are kept, because 1/11 is not 11/1. */
function comparableNumber(text: string): string {
  return text.toUpperCase().replaceAll(/\s/gu, '');
}
