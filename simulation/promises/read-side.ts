import { isDeepStrictEqual } from 'node:util';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { foldBatch, understandBatch } from '../../read-store/projection-engine/fold-batch.ts';
import type { Values } from '../../read-store/projection-engine/table.ts';
import { jobView } from '../../query-api/tables/job-row.ts';
import type { LiveClient } from '../actors/live-client.ts';
import type { Installation } from '../installation.ts';
import { createTableServer, recordOfValues, shownRow, type Tables } from '../ports/table-server.ts';
import type { Records } from '../records/records.ts';

/** Builds the tables again from the log, up to a position, and changes nothing else (promise 10). */
export function rebuild(installation: Installation, upTo: bigint): Tables {
  const events = installation.log.all.filter(({ position }) => position <= upTo);
  const { understood } = understandBatch(jobsProjection, new Set(), events);
  const { changes } = foldBatch(jobsProjection, () => undefined, understood, 'accept');
  const built = createTableServer(
    installation.world,
    () => upTo,
    () => installation.log.generation(),
  );
  built.writeRows([...changes.values()]);
  built.writeDerived([...changes.values()]);
  return built.tables();
}

/** Checks promises 4 and 10: the tables are the fold of the log, and a rebuild gives the same tables. */
export function checkTables(installation: Installation, records: Records): void {
  const { world, tables } = installation;
  const rebuilt = rebuild(installation, tables.checkpoint() ?? -1n);
  const present = tables.tables();
  compare(installation, 'jobs', present.rows, rebuilt.rows);
  jobsProjection.derived.forEach(({ name }, index) =>
    compare(installation, name, present.derived[index]!, rebuilt.derived[index]!),
  );
  for (const [jobId, job] of records.jobs) {
    if (job.state === 'absent') continue;
    const values = present.rows.get(jobId);
    const folded = values && jobsProjection.rows.rowOf(recordOfValues(values)).job;
    if (!isDeepStrictEqual(folded, job))
      world.broken('4 tables', `the row of ${jobId} is not the fold of its stream`);
  }
}

function compare(
  { world }: Installation,
  table: string,
  present: Tables['rows'],
  wanted: Tables['rows'],
): void {
  for (const [key, values] of wanted) {
    const found: Values | undefined = present.get(key);
    if (!found) world.broken('4 tables', `${table} lacks the row ${key.slice(0, 60)}`);
    else if (!isDeepStrictEqual(found, values))
      world.broken('4 tables', `${table} has another row ${key.slice(0, 60)}`);
  }
  for (const key of present.keys())
    if (!wanted.has(key)) world.broken('10 rebuild', `${table} has a row too many: ${key}`);
}

/** True when a browser has exactly the rows that it may see. */
export function sees(installation: Installation, client: LiveClient): boolean {
  const own = [...installation.tables.tables().rows.values()]
    .map(shownRow)
    .filter((row) => row.owner === client.owner);
  return (
    own.length === client.rows.size &&
    own.every((row) => client.rows.get(row.job_id) === JSON.stringify(jobView(row, (id) => id)))
  );
}
