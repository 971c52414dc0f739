import { evolveOnce } from '../../conversion-job/evolve-once.ts';
import { ABSENT } from '../../conversion-job/job.ts';
import type { Projection } from '../../read-store/projection-engine/projection-definition.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { isActive } from '../../schemas/job-states.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import { understandJobEventOnce } from '../../schemas/events/understand-job-event.ts';
import { artifactsTable } from '../../read-tables/jobs/artifacts-table.ts';
import { historyTable } from '../../read-tables/jobs/history-table.ts';
import { invoicesTable } from '../../read-tables/jobs/invoices-table.ts';
import { jobsTable } from '../../read-tables/jobs/jobs-table.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { timelineTable } from '../../read-tables/jobs/timeline-table.ts';

/**
 * Version 1 of the queue's read tables. The decider's own `evolve` folds them, so a state means the same in the
 * tables and on the write side.
 */
export const jobsProjection: Projection<JobEvent, JobRow> = {
  name: 'jobs',
  version: 1,
  keyOf: jobIdOfStream,
  understand: understandJobEventOnce,
  fold: (row, event, { revision, position }) => {
    const job = evolveOnce(row?.job ?? ABSENT, event, revision);
    if (job.state === 'absent') return undefined;
    return { job, revision, position: row && row.position > position ? row.position : position };
  },
  rests: ({ job }) => !isActive(job.state),
  rows: jobsTable,
  derived: [timelineTable, artifactsTable, invoicesTable, historyTable],
};
