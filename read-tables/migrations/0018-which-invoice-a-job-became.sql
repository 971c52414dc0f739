-- Which invoice each conversion made, by which an invoice that was converted before is found; and what an upload told its mapping
-- and the mapping that made the result, as columns of the past. No event named an invoice before this step.

-- up

create table jobs_v1.job_invoices (
  job_id uuid not null,
  revision bigint not null,
  position bigint not null,
  owner text not null,
  seller_tax_id text not null,
  number text not null,
  issue_date text not null,
  source_sha256 text not null,
  result_sha256 text not null,
  filename text not null,
  converted_at timestamptz not null
);
comment on column jobs_v1.job_invoices.job_id is 'The job.';
comment on column jobs_v1.job_invoices.revision is 'Place in the job’s stream of the event that says so.';
comment on column jobs_v1.job_invoices.position is 'Position of that event in the log.';
comment on column jobs_v1.job_invoices.owner is 'Opaque id of whoever uploaded the file.';
comment on column jobs_v1.job_invoices.seller_tax_id is 'The seller’s tax number: letters and digits alone, in capitals.';
comment on column jobs_v1.job_invoices.number is 'The invoice’s number without blanks, in capitals.';
comment on column jobs_v1.job_invoices.issue_date is 'The invoice’s date, YYYY-MM-DD.';
comment on column jobs_v1.job_invoices.source_sha256 is 'SHA-256 of the PDF in hexadecimal.';
comment on column jobs_v1.job_invoices.result_sha256 is 'SHA-256 of the result in hexadecimal.';
comment on column jobs_v1.job_invoices.filename is 'Name of the file when it was converted.';
comment on column jobs_v1.job_invoices.converted_at is 'When it was converted.';
alter table jobs_v1.job_invoices add primary key (job_id, revision);
create index job_invoices_by_invoice on jobs_v1.job_invoices (owner, seller_tax_id, number, issue_date, position);
create or replace view docket.job_invoices as select * from jobs_v1.job_invoices;

alter table jobs_v1.job_history add column mapping_parameters jsonb, add column converted_by jsonb;
comment on column jobs_v1.job_history.mapping_parameters is 'What the upload told its mapping beside the PDF.';
comment on column jobs_v1.job_history.converted_by is 'The mapping that made the result: its id, version and the hash of its content.';
update jobs_v1.job_history h set mapping_parameters = j.mapping_parameters
  from jobs_v1.jobs j where j.job_id = h.job_id and j.mapping_parameters is not null;
update jobs_v1.job_history h set converted_by = (
    select e.data -> 'convertedBy' from jobs_v1.job_events e
     where e.job_id = h.job_id and e.type = 'ConversionSucceeded' and e.position <= h.since
     order by e.revision desc limit 1)
  where h.state in ('ready', 'expired') and exists (
    select from jobs_v1.job_events e
     where e.job_id = h.job_id and e.type = 'ConversionSucceeded' and e.data ? 'convertedBy');
create or replace view docket.job_history as select * from jobs_v1.job_history;

-- down

drop view docket.job_invoices;
drop table jobs_v1.job_invoices;
create or replace view docket.job_history as select owner, created_at, job_id, revision, since, until, filename, mapping_id,
    mapping_version, state, error_code, error_reason, error_message, attempts, bytes, pages, warnings, result_bytes,
    result_media_type, result_sha256, next_attempt_at, updated_at, null::jsonb as mapping_parameters, null::jsonb as converted_by
  from jobs_v1.job_history;
alter table jobs_v1.job_history drop column mapping_parameters, drop column converted_by;
