import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import { expectThat } from '../claims.ts';
import type { DrillGroup } from '../drill.ts';
import { untilState } from '../job-streams.ts';
import { cookieOf, newOwner, tryUpload, upload } from '../people.ts';
import type { PlannedFault } from '../../harness/s3-double/s3-double-faults.ts';

function start(): Promise<DrillInstallation> {
  return startDrillInstallation({
    blobs: 's3',
    processor: true,
    direct: true,
    env: { RETRY_MAX_ATTEMPTS: '3' },
  });
}

const PASSING: Readonly<Record<string, PlannedFault>> = {
  '500': { times: 2, fault: { kind: 'refuse', code: 'InternalError' } },
  SlowDown: { times: 2, fault: { kind: 'refuse', code: 'SlowDown' } },
  reset: { times: 1, fault: { kind: 'reset' } },
  'lost answer': { times: 1, operation: 'PutObject', fault: { kind: 'lost-reply' } },
};

async function faults(installation: DrillInstallation): Promise<string> {
  const s3 = installation.s3!;
  for (const [name, fault] of Object.entries(PASSING)) {
    s3.plan(fault);
    const jobId = await upload(installation);
    const job = await untilState(installation, jobId, ['ready', 'failed'], { withinMs: 40_000 });
    expectThat(job.state === 'ready', `${name} passes by retries of the client`, job);
    s3.clearPlan();
  }
  const before = s3.seen.length;
  s3.plan({ times: 50, operation: 'PutObject', fault: { kind: 'refuse', code: 'InternalError' } });
  const refused = await tryUpload(installation);
  const tries = s3.seen.slice(before).filter(({ operation }) => operation === 'PutObject').length;
  s3.clearPlan();
  expectThat(refused.status === 503 && tries <= 3, 'a store that stays away: 503, tries bounded', {
    refused,
    tries,
  });
  const owner = newOwner();
  const jobId = await upload(installation, { owner });
  await untilState(installation, jobId, ['ready']);
  const torn: string[] = [];
  for (const kind of ['wrong-bytes', 'partial-read'] as const) {
    s3.plan({
      times: 3,
      operation: 'GetObject',
      fault: kind === 'partial-read' ? { kind, bytes: 20 } : { kind },
    });
    const whole = await download(installation, owner, jobId);
    expectThat(whole === null, `${kind}: the download breaks off and is never taken for whole`, whole);
    torn.push(kind);
    s3.clearPlan();
  }
  expectThat((await download(installation, owner, jobId)) !== null, 'and is whole again afterwards');
  return `${Object.keys(PASSING).join(', ')} passed; away: 503 after ${tries} tries; ${torn.join(' and ')} never delivered`;
}

/** The body when it arrived completely, otherwise null. */
async function download(
  installation: DrillInstallation,
  owner: string,
  jobId: string,
): Promise<string | null> {
  try {
    const response = await fetch(new URL(`/api/jobs/${jobId}/download`, installation.rest?.url), {
      headers: { cookie: cookieOf(owner) },
    });
    const text = await response.text();
    return response.ok ? text : null;
  } catch {
    return null;
  }
}

export const s3: DrillGroup = {
  name: 's3',
  start,
  drills: [
    { id: 'D33', title: 'S3: 5xx, SlowDown, reset, lost answer, partial read, wrong bytes', run: faults },
  ],
};
